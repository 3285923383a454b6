using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Joining;
using Microsoft.Extensions.Options;

namespace KadOrleans.Node.Hosting;

/// <summary>Finds options out of their bounds. Each problem is one sentence: the setting, its value, what is allowed.</summary>
public sealed class KadNodeOptionsValidator : IValidateOptions<KadNodeOptions>
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, KadNodeOptions options)
    {
        var problems = FindProblems(options);
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    /// <summary>All problems; none if the options can be used.</summary>
    public static IReadOnlyList<string> FindProblems(KadNodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problems = new List<string>();
        if (options.Id is { } id && !NodeId.TryParse(id, out _))
        {
            problems.Add($"Id is '{id}'; {NodeId.Length * 2} hexadecimal digits are needed.");
        }

        foreach (var node in options.Bootstrap)
        {
            if (!HostAddress.TryParse(node, out _, out var problem))
            {
                problems.Add($"Bootstrap: {problem}");
            }
        }

        foreach (var range in options.Trust)
        {
            if (!AddressRange.TryParse(range, out _))
            {
                problems.Add($"Trust is '{range}'; an address range such as 10.0.0.0/8 or fd00::/8 is needed.");
            }
        }

        CheckNumbers(options, problems);
        return problems;
    }

    private static void CheckNumbers(KadNodeOptions options, List<string> problems)
    {
        Check("Kademlia.BucketSize", options.Kademlia.BucketSize, 1, 64, problems);
        Check("Kademlia.LookupConcurrency", options.Kademlia.LookupConcurrency, 1, 64, problems);
        Check("Kademlia.DisjointPaths", options.Kademlia.DisjointPaths, 1, 16, problems);
        Check("Kademlia.SplitDepth", options.Kademlia.SplitDepth, 1, 16, problems);
        Check("Kademlia.ReplacementCacheSize", options.Kademlia.ReplacementCacheSize, 0, 1_000, problems);
        Check("Kademlia.FailuresBeforeDrop", options.Kademlia.FailuresBeforeDrop, 1, 10, problems);
        Check("Kademlia.ValueTimeToLive", options.Kademlia.ValueTimeToLive, TimeSpan.FromSeconds(1), 365 * Day, problems);
        Check("Kademlia.BucketRefreshInterval", options.Kademlia.BucketRefreshInterval, TimeSpan.FromMinutes(1), 7 * Day, problems);
        Check("Kademlia.RepublishInterval", options.Kademlia.RepublishInterval, TimeSpan.FromMinutes(6), 7 * Day, problems);
        Check("Kademlia.PublishInterval", options.Kademlia.PublishInterval, TimeSpan.FromMinutes(1), 365 * Day, problems);
        Check("RepublishRate", options.RepublishRate, 0.1, 1_000, problems);
        Check("MaxPublications", options.MaxPublications, 0, 1_000_000, problems);
        Check("RandomWalk.Interval", options.RandomWalk.Interval, TimeSpan.FromSeconds(1), Day, problems);
        Check("RandomWalk.MinTableSize", options.RandomWalk.MinTableSize, 0, 1_000, problems);
        Check("RandomWalk.Count", options.RandomWalk.Count, 1, 64, problems);
        Check("RandomWalk.Timeout", options.RandomWalk.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), problems);
        Check("StateSaveInterval", options.StateSaveInterval, TimeSpan.FromSeconds(1), Day, problems);
        Check("StateChangeSaveDelay", options.StateChangeSaveDelay, TimeSpan.FromMilliseconds(100), Day, problems);
        Check("Quota.TotalKeys", options.Quota.TotalKeys, 0, int.MaxValue, problems);
        Check("Quota.TotalBytes", options.Quota.TotalBytes, 0, long.MaxValue, problems);
        Check("Quota.KeysPerSource", options.Quota.KeysPerSource, 0, int.MaxValue, problems);
        Check("Quota.BytesPerSource", options.Quota.BytesPerSource, 0, long.MaxValue, problems);
        Check("Quota.KeysPerSubnet", options.Quota.KeysPerSubnet, 0, int.MaxValue, problems);
        Check("Quota.BytesPerSubnet", options.Quota.BytesPerSubnet, 0, long.MaxValue, problems);
        Check("Quota.ReservePercent", options.Quota.ReservePercent, 0, StoreQuota.MaxReservePercent, problems);
        Check("Quota.ChangesPerSource", options.Quota.ChangesPerSource, 0, int.MaxValue, problems);
        Check("Quota.ChangesPerSubnet", options.Quota.ChangesPerSubnet, 0, int.MaxValue, problems);
        CheckRate("Limits.PerSource", options.Limits.PerSource, problems);
        CheckRate("Limits.PerSubnet", options.Limits.PerSubnet, problems);
        Check("Limits.MaxTracked", options.Limits.MaxTracked, 16, int.MaxValue, problems);
        CheckUpload("Upload.PerEndpoint", options.Upload.PerEndpoint, problems);
        CheckUpload("Upload.Total", options.Upload.Total, problems);
        Check("Subnets.PerBucket", options.Subnets.PerBucket, 1, int.MaxValue, problems);
        Check("Subnets.PerTable", options.Subnets.PerTable, 1, int.MaxValue, problems);
    }

    private static void CheckUpload(string setting, long value, List<string> problems)
    {
        if (!UploadLimits.IsValid(value))
        {
            problems.Add($"{setting} is {value}; {UploadLimits.Allowed}.");
        }
    }

    private static void CheckRate(string setting, TokenRate rate, List<string> problems)
    {
        if (!(rate.PerSecond > 0))
        {
            problems.Add($"{setting}.PerSecond is {rate.PerSecond}; a number above 0 is needed.");
        }

        if (!(rate.Burst >= 1))
        {
            problems.Add($"{setting}.Burst is {rate.Burst}; 1 or more is needed.");
        }
    }

    private static void Check<T>(string setting, T value, T least, T most, List<string> problems)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            problems.Add($"{setting} is {value}; {least} to {most} is allowed.");
        }
    }
}
