namespace KadOrleans.Core;

// Finds options out of bounds. A problem names the setting, its value and what is allowed. The separator replaces dots in names.
internal sealed class OptionChecks(string prefix, char separator)
{
    /// <summary>The longest that held values may stay without being sent again.</summary>
    internal static readonly TimeSpan LongestRepublishInterval = TimeSpan.FromDays(7);

    public List<string> Problems { get; } = [];

    public void Within<T>(string setting, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            Problems.Add($"{Name(setting)} is {value}; {least} to {most} is allowed.");
        }
    }

    public void Add(string setting, string value, string allowed) => Problems.Add($"{Name(setting)} is '{value}'; {allowed}.");

    public void CheckUpload(string setting, long value)
    {
        if (!UploadLimits.IsValid(value))
        {
            Add(setting, value.ToString(CultureInfo.InvariantCulture), UploadLimits.Allowed);
        }
    }

    public void Check(KademliaOptions options)
    {
        Within("Kademlia.BucketSize", options.BucketSize, 1, 64);
        Within("Kademlia.LookupConcurrency", options.LookupConcurrency, 1, 64);
        Within("Kademlia.DisjointPaths", options.DisjointPaths, 1, 16);
        Within("Kademlia.SplitDepth", options.SplitDepth, 1, 16);
        Within("Kademlia.ReplacementCacheSize", options.ReplacementCacheSize, 0, 1_000);
        Within("Kademlia.FailuresBeforeDrop", options.FailuresBeforeDrop, 1, 10);
        var problems = Problems.Count;
        Within("Kademlia.ValueTimeToLive", options.ValueTimeToLive, TimeSpan.FromSeconds(1), TimeSpan.FromDays(365));
        Within("Kademlia.RepublishInterval", options.RepublishInterval, TimeSpan.FromMinutes(6), LongestRepublishInterval);
        Within("Kademlia.PublishInterval", options.PublishInterval, TimeSpan.FromMinutes(1), TimeSpan.FromDays(365));

        // Whoever wants short lives alone need not shorten the interval, too: publishers send such values again themselves.
        if (Problems.Count == problems
            && options.RepublishInterval > new KademliaOptions().RepublishInterval
            && RepublishPolicy.ShortestLife(options) is var shortest
            && options.ValueTimeToLive < shortest)
        {
            Problems.Add($"{Name("Kademlia.RepublishInterval")} is {options.RepublishInterval} and {Name("Kademlia.ValueTimeToLive")} is "
                + $"{options.ValueTimeToLive}; with this interval a life of {shortest} or more is allowed, twice the interval and a sixth of it.");
        }

        if (Problems.Count == problems
            && options.PublishInterval > new KademliaOptions().PublishInterval
            && options.PublishInterval >= options.ValueTimeToLive)
        {
            Problems.Add($"{Name("Kademlia.PublishInterval")} is {options.PublishInterval} and {Name("Kademlia.ValueTimeToLive")} is "
                + $"{options.ValueTimeToLive}; an interval shorter than the life is needed, else values end before they are published again.");
        }

        Within("Kademlia.BucketRefreshInterval", options.BucketRefreshInterval, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));
    }

    public void Check(StoreQuota quota)
    {
        Within("Quota.TotalKeys", quota.TotalKeys, 0, int.MaxValue);
        Within("Quota.TotalBytes", quota.TotalBytes, 0, long.MaxValue);
        Within("Quota.KeptKeys", quota.KeptKeys, 0, int.MaxValue);
        Within("Quota.KeysPerSource", quota.KeysPerSource, 0, int.MaxValue);
        Within("Quota.BytesPerSource", quota.BytesPerSource, 0, long.MaxValue);
        Within("Quota.KeysPerOwner", quota.KeysPerOwner, 0, int.MaxValue);
        Within("Quota.BytesPerOwner", quota.BytesPerOwner, 0, long.MaxValue);
        Within("Quota.KeysPerSubnet", quota.KeysPerSubnet, 0, int.MaxValue);
        Within("Quota.BytesPerSubnet", quota.BytesPerSubnet, 0, long.MaxValue);
        Within("Quota.ReservePercent", quota.ReservePercent, 0, StoreQuota.MaxReservePercent);
        Within("Quota.ChangesPerSource", quota.ChangesPerSource, 0, int.MaxValue);
        Within("Quota.ChangesPerSubnet", quota.ChangesPerSubnet, 0, int.MaxValue);
    }

    public void Check(SubnetLimits limits)
    {
        Within("Subnets.PerBucket", limits.PerBucket, 1, int.MaxValue);
        Within("Subnets.PerTable", limits.PerTable, 1, int.MaxValue);
    }

    public void CheckRanges(IEnumerable<string> ranges, string setting = "Trust")
    {
        foreach (var range in ranges.Where(range => !AddressRange.TryParse(range, out _)))
        {
            Add(setting, range, "an address range such as 10.0.0.0/8 or fd00::/8 is needed");
        }
    }

    /// <summary>A setting's whole name, as a problem has it.</summary>
    public string Name(string setting) => prefix + setting.Replace('.', separator);
}
