resource "google_monitoring_notification_channel" "email" {
  for_each = var.emails

  project      = var.project
  type         = "email"
  display_name = "${var.prefix}: ${each.key}"
  labels       = { email_address = each.value }
  # A name that is taken off the list is taken off the policies too, and in no certain order.
  force_delete = true
}

locals {
  emails   = [for name in sort(keys(var.emails)) : google_monitoring_notification_channel.email[name].id]
  channels = concat(local.emails, var.channels)
}
