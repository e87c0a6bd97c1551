"""What a referral, an event, a fragment and an error are. Pure: standard library only."""
