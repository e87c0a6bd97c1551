"""HL7 v2 messages by MLLP to a receiver, and what its acknowledgements mean."""

from __future__ import annotations

import re
import ssl

from adapters.hl7v2 import charsets, er7, mllp
from hub.domain.delivery import Answer, Route, Verdict
from hub.domain.errors import Refused

_LATER = frozenset({"", "207"})
"""ERR-3 of a rejection (AR, CR) after which the message is sent again: the receiver's own trouble, or no reason."""

_CODES = {"AA": "accept", "CA": "accept", "AE": "error", "CE": "error", "AR": "reject", "CR": "reject"}
"""MSA-1, HL7 table 0008."""

_BYTES = {mllp.ACK: ("ACK", Verdict.DELIVERED), mllp.NAK: ("NAK", Verdict.AGAIN)}
"""Answers of the transport alone."""

_CODE = re.compile(r"[A-Za-z0-9]{1,8}")
_PATH = re.compile(r"[A-Z][A-Z0-9]{2}[0-9^.\-\[\]]{0,30}")


class Carrier:
    """One connection, made when it is needed and again after trouble, so that no late answer is read for a new one.

    tls: to speak it, None: plainly.
    """

    def __init__(self, route: Route, tls: ssl.SSLContext | None = None) -> None:
        host, _, port = route.address.rpartition(":")
        self._host, self._port, self._timeout = host.removeprefix("[").removesuffix("]"), int(port), route.timeout
        self._charset = route.charset
        self._tls = tls
        self._client: mllp.Client | None = None

    def deliver(self, payload: bytes, control_id: str) -> Answer:
        """One exchange; of answers that name another message none counts."""
        try:
            client = self._connected()
        except ssl.SSLCertVerificationError:
            return Answer("untrusted", Verdict.AGAIN, reached=False)
        except ssl.SSLError:
            return Answer("tls-failed", Verdict.AGAIN, reached=False)
        except OSError:
            return Answer("unreachable", Verdict.AGAIN, reached=False)
        answer = self._exchange(client, payload, control_id)
        if answer.verdict is Verdict.AGAIN:
            self.close()
        return answer

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> mllp.Client:
        if self._client is not None and not self._client.quiet:
            self.close()
        if self._client is None:
            self._client = mllp.Client(self._host, self._port, self._timeout, self._tls)
        return self._client

    def _exchange(self, client: mllp.Client, payload: bytes, control_id: str) -> Answer:
        try:
            answer = read(client.exchange(payload), self._charset, control_id)
            if answer.outcome == "CA" and (more := client.along()):  # then the application's own word counts
                later = read(more, self._charset, control_id)
                return later if later.outcome in _CODES else answer
            return answer
        except mllp.TooLong:
            return Answer("garbage", Verdict.AGAIN)
        except mllp.OtherMessage:
            return Answer("other-message", Verdict.AGAIN)
        except TimeoutError:
            return Answer("timeout", Verdict.AGAIN)
        except ssl.SSLEOFError:
            return Answer("hung-up", Verdict.AGAIN)
        except ssl.SSLError:  # in TLS 1.3 a certificate of ours that is not accepted shows first here
            return Answer("tls-failed", Verdict.AGAIN, reached=False)
        except OSError:
            return Answer("hung-up", Verdict.AGAIN)


def read(raw: bytes, charset: str, control_id: str) -> Answer:
    """What an acknowledgement means: AA, CA, ACK of MLLP release 2 delivered; AE, CE refused; AR, CR again where its
    ERR-3 is 207 or there is none, else refused; NAK again. What is none, or does not name the message, is as good as
    nothing.

    charset: of answers whose MSH-18 is empty. Before version 2.5 ERR-1.4 holds the code.
    """
    if raw in _BYTES:
        return Answer(*_BYTES[raw], raw=raw)
    try:
        message = er7.parse(_text(raw, charset))
    except Refused:
        return Answer("garbage", Verdict.AGAIN, raw=raw)
    msa, err = message.first("MSA"), message.first("ERR")
    outcome = er7.value(message, msa, 1).strip().upper() if msa else ""
    kind = _CODES.get(outcome)
    if msa is None or kind is None:
        return Answer("garbage", Verdict.AGAIN, raw=raw)
    if er7.value(message, msa, 2).strip(' "') != control_id:
        return Answer("other-message", Verdict.AGAIN, raw=raw)
    if kind == "accept":
        return Answer(outcome, Verdict.DELIVERED, taken=outcome == "AA", raw=raw)
    code, path = _fault(message, err) if err else ("", "")
    again = kind == "reject" and code in _LATER
    return Answer(outcome, Verdict.AGAIN if again else Verdict.REFUSED, code, path, raw=raw)


def _text(raw: bytes, charset: str) -> str:
    """By the set that it names, else by the destination's; whose words are of neither still has its codes in ASCII."""
    try:
        return charsets.decode(raw, charsets.declared(raw), charset)[0]
    except Refused:
        return raw.decode("latin-1")


def _fault(message: er7.Message, err: er7.Segment) -> tuple[str, str]:
    """Code and place of an ERR, as far as they are no free text."""
    new = er7.value(message, err, 3, 1, 1)
    code = new or er7.value(message, err, 1, 1, 4, 1)
    path = er7.value(message, err, 2 if new else 1)
    return code if _CODE.fullmatch(code) else "", path if _PATH.fullmatch(path) else ""
