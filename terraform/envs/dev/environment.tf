# To try things: whatever is here may go, and npm run deploy -- --env dev --destroy leaves nothing of it.
locals {
  environment = {
    protected              = false
    point_in_time_recovery = false
    smoke_receiver         = true
  }
}
