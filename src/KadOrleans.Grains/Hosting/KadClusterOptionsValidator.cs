using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.Options;

namespace KadOrleans.Grains.Hosting;

/// <summary>Finds options out of their bounds. Each problem is one sentence: the setting, its value, what is allowed.</summary>
public sealed class KadClusterOptionsValidator : IValidateOptions<KadClusterOptions>
{
    private static readonly TimeSpan Tenth = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, KadClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problems = new List<string>();
        Check("ShardBits", options.ShardBits, GrainKeys.MinShardBits, GrainKeys.MaxShardBits, problems);
        Check("StateVersion", options.StateVersion ?? StateSchema.Newest, StateSchema.Oldest, StateSchema.Newest, problems);
        Check("Quota:TotalKeys", options.Quota.TotalKeys, 0, int.MaxValue, problems);
        Check("Quota:TotalBytes", options.Quota.TotalBytes, 0, long.MaxValue, problems);
        Check("Quota:KeysPerSource", options.Quota.KeysPerSource, 0, int.MaxValue, problems);
        Check("Quota:BytesPerSource", options.Quota.BytesPerSource, 0, long.MaxValue, problems);
        Check("Quota:KeysPerSubnet", options.Quota.KeysPerSubnet, 0, int.MaxValue, problems);
        Check("Quota:BytesPerSubnet", options.Quota.BytesPerSubnet, 0, long.MaxValue, problems);
        Check("Quota:ReservePercent", options.Quota.ReservePercent, 0, StoreQuota.MaxReservePercent, problems);
        Check("Quota:ChangesPerSource", options.Quota.ChangesPerSource, 0, int.MaxValue, problems);
        Check("Quota:ChangesPerSubnet", options.Quota.ChangesPerSubnet, 0, int.MaxValue, problems);
        Check("Kademlia:BucketSize", options.Kademlia.BucketSize, 1, 64, problems);
        Check("Kademlia:SplitDepth", options.Kademlia.SplitDepth, 1, 16, problems);
        Check("Kademlia:ReplacementCacheSize", options.Kademlia.ReplacementCacheSize, 0, 1_000, problems);
        Check("Kademlia:FailuresBeforeDrop", options.Kademlia.FailuresBeforeDrop, 1, 10, problems);
        Check("Kademlia:ValueTimeToLive", options.Kademlia.ValueTimeToLive, Second, TimeSpan.FromDays(365), problems);
        Check("Kademlia:BucketRefreshInterval", options.Kademlia.BucketRefreshInterval, 60 * Second, TimeSpan.FromDays(7), problems);
        Check("Kademlia:RepublishInterval", options.Kademlia.RepublishInterval, 360 * Second, TimeSpan.FromDays(7), problems);
        Check("Kademlia:PublishInterval", options.Kademlia.PublishInterval, 60 * Second, TimeSpan.FromDays(365), problems);
        Check("Subnets:PerBucket", options.Subnets.PerBucket, 1, int.MaxValue, problems);
        Check("Subnets:PerTable", options.Subnets.PerTable, 1, int.MaxValue, problems);
        Check("SaveDelay", options.SaveDelay, Tenth, 10 * Second, problems);
        Check("StorageTimeout", options.StorageTimeout, Tenth, 25 * Second, problems);
        Check("EdgeTimeout", options.EdgeTimeout, Tenth, 9 * Second, problems);
        if (options.EdgeKey is { Length: > 0 and (< Abstractions.Access.EdgeKey.MinLength or > Abstractions.Access.EdgeKey.MaxLength) } key)
        {
            // The value is a secret.
            problems.Add($"Kad:Cluster:EdgeKey has {key.Length} characters; {Abstractions.Access.EdgeKey.MinLength} to {Abstractions.Access.EdgeKey.MaxLength} are allowed.");
        }

        foreach (var range in options.Trust)
        {
            if (!AddressRange.TryParse(range, out _))
            {
                problems.Add($"Kad:Cluster:Trust is '{range}'; an address range such as 10.0.0.0/8 or fd00::/8 is needed.");
            }
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static void Check<T>(string setting, T value, T least, T most, List<string> problems)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            problems.Add($"Kad:Cluster:{setting} is {value}; {least} to {most} is allowed.");
        }
    }
}
