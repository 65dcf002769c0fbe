locals {
  our_services = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", formatlist("%q", sort(values(var.services))))})"

  # From milliseconds to days, and from a hundredth of a cent to a thousand dollars: a quarter, or a half, wider from step to step.
  buckets = {
    ms      = { num_finite_buckets = 80, growth_factor = 1.25, scale = 10 }
    "{USD}" = { num_finite_buckets = 40, growth_factor = 1.5, scale = 0.0001 }
  }
}

resource "google_logging_metric" "line" {
  for_each = var.alerts.log_metrics

  project          = var.project
  name             = "${var.prefix}/${each.key}"
  description      = each.value.description
  filter           = "${local.our_services} AND ${each.value.filter}"
  label_extractors = each.value.labels
  value_extractor  = try(each.value.value.extractor, null)

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = each.value.value == null ? "INT64" : "DISTRIBUTION"
    unit        = try(each.value.value.unit, "1")

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }

  dynamic "bucket_options" {
    for_each = each.value.value == null ? [] : [local.buckets[each.value.value.unit]]
    content {
      exponential_buckets {
        num_finite_buckets = bucket_options.value.num_finite_buckets
        growth_factor      = bucket_options.value.growth_factor
        scale              = bucket_options.value.scale
      }
    }
  }
}
