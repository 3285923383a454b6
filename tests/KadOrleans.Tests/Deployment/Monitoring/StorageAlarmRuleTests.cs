namespace KadOrleans.Tests.Deployment;

/// <summary>How long storage has to fail before somebody is woken, by Prometheus' own judgement.</summary>
public sealed class StorageAlarmRuleTests
{
    // Processes export each minute, and Prometheus scrapes each 30 s. Both silos begin to fail after ten minutes and a half.
    private const string Before = "0x20";

    [Theory]
    [Needs(Need.Promtool)]
    [InlineData("kad_storage_write_failures_total{job=\"kad-silo\", instance=\"NAME\"}")]
    [InlineData("kad_store_unacknowledged_total{job=\"kad-silo\", instance=\"NAME\", kad_unacknowledged_reason=\"storage\"}")]
    public void Storage_that_fails_for_half_a_minute_wakes_nobody_and_for_eight_minutes_it_does(string series)
    {
        var lasting = string.Join(' ', Enumerable.Range(1, 9).Select(export => $"{export * 5}x1"));
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"rule_files: ['{Repository.Path("infra/monitoring/alerts.yaml")}']");
        text.AppendLine("evaluation_interval: 30s\ntests:\n- interval: 30s\n  input_series:");

        // Half a minute may be in two exports, and eight in nine.
        text.AppendLine(CultureInfo.InvariantCulture, $"  - {{ series: '{Of("brief")}', values: '{Before} 3x1 6x60' }}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  - {{ series: '{Of("lasting")}', values: '{Before} {lasting} 45x40' }}");
        text.AppendLine("  alert_rule_test:");
        foreach (var minute in Enumerable.Range(10, 10).Append(22))
        {
            var alerts = minute is >= 16 and <= 19
                ? "{ exp_labels: { job: kad-silo, instance: lasting, severity: page }, exp_annotations: { summary: kad-silo lasting cannot store } }"
                : string.Empty;
            text.AppendLine(CultureInfo.InvariantCulture, $"  - {{ eval_time: {minute}m, alertname: KadStorageFailing, exp_alerts: [{alerts}] }}");
        }

        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "test.yaml");
        File.WriteAllText(file, text.ToString());
        Assert.Empty(Promtool.Problems("test", "rules", file));

        string Of(string name) => series.Replace("NAME", name, StringComparison.Ordinal);
    }
}
