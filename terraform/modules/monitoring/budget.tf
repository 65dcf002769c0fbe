resource "google_billing_budget" "month" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "${var.prefix}: ${var.project}"

  budget_filter {
    projects        = ["projects/${var.project_number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      currency_code = "USD"
      units         = tostring(var.budget.amount_usd)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]
    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  # A budget takes five channels, of e-mail only; the billing account's administrators are told in any case.
  dynamic "all_updates_rule" {
    for_each = length(local.emails) == 0 ? [] : [slice(local.emails, 0, min(5, length(local.emails)))]
    content {
      monitoring_notification_channels = all_updates_rule.value
    }
  }
}
