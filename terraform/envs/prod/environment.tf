# What is stored refuses to be deleted, and what was stored in the last seven days can be had again.
locals {
  environment = {
    protected              = true
    point_in_time_recovery = true
    smoke_receiver         = false
  }
}
