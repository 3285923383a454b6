namespace KadOrleans.Http;

/// <summary>A value that this DHT's own store refused, as a quota is used up.</summary>
/// <param name="Reason">A name for programs.</param>
/// <param name="Sentence">The end of a sentence: which limit, with its figures if they are known, and how it is raised.</param>
internal sealed record QuotaRefusal(string Reason, string Sentence)
{
    public static async Task<QuotaRefusal?> FindAsync(SetResult result, StoreFigureSource source)
    {
        if (result.Local == StoreResult.TotalQuotaExceeded)
        {
            return new QuotaRefusal("totalQuotaExceeded", await source.ReadAsync() is { } figures
                ? DescribeFull(figures)
                : "the store is full; 'kad admin limits' shows totalKeys and totalBytes, one of which is reached.");
        }

        if (result.Local == StoreResult.KeptQuotaExceeded)
        {
            return new QuotaRefusal(
                "keptQuotaExceeded",
                "as many items are kept for their owners here as may be; raise 'keptKeys' with 'kad admin limits set', "
                + "'--max-kept' or 'Kad:Cluster:Quota:KeptKeys'.");
        }

        return result.Publication == StoreResult.TotalQuotaExceeded
            ? new QuotaRefusal(
                "publicationsFull",
                "as many keys are published from here as may be; 'kad admin publications' lists them, and 'kad admin delete KEY' ends one.")
            : null;
    }

    private static string DescribeFull(StoreFigures figures)
    {
        var (unit, held, most, limit, option, setting) = figures.IsFullByBytes
            ? ("bytes", figures.Bytes, figures.MostBytes, "totalBytes", "--max-bytes", "Kad:Cluster:Quota:TotalBytes")
            : ("keys", figures.Keys, figures.MostKeys, "totalKeys", "--max-keys", "Kad:Cluster:Quota:TotalKeys");
        var full = held < most && figures.IsCluster ? "the key's shard has its part of all that the cluster may hold" : "the store is full";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{full} ({held} of {most} {unit}); raise '{limit}' with 'kad admin limits set', or '{(figures.IsCluster ? setting : option)}'.");
    }
}

/// <summary>What is held, and what may be.</summary>
internal sealed record StoreFigures(long Keys, long MostKeys, long Bytes, long MostBytes, bool IsCluster)
{
    /// <summary>Whether the bytes are nearer to their limit than the keys.</summary>
    public bool IsFullByBytes => (Int128)Bytes * Math.Max(1, MostKeys) > (Int128)Keys * Math.Max(1, MostBytes);
}

/// <summary>
/// Reads the figures at most once a second, as a full store may refuse thousands of values in that time. Safe for several threads.
/// </summary>
internal sealed class StoreFigureSource(IServiceProvider services, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(1);

    // A refusal does not wait longer for its figures.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    // Guards what follows.
    private readonly Lock _gate = new();
    private Task<StoreFigures?>? _last;
    private long _readAt;

    /// <summary>Null without a management, or if it does not respond.</summary>
    public Task<StoreFigures?> ReadAsync()
    {
        lock (_gate)
        {
            if (_last is null || time.GetElapsedTime(_readAt) > Life)
            {
                (_last, _readAt) = (ReadAsync(services.GetService<IDhtAdmin>()), time.GetTimestamp());
            }

            return _last;
        }
    }

    private async Task<StoreFigures?> ReadAsync(IDhtAdmin? admin)
    {
        using var deadline = new CancellationTokenSource(LongestWait, time);
        try
        {
            if (admin is null)
            {
                return null;
            }

            var usage = await admin.GetUsageAsync(deadline.Token);
            var limits = (await admin.GetLimitsAsync(deadline.Token)).Limits.ToDictionary(limit => limit.Limit.Name, limit => limit.Value);
            return limits["totalKeys"] is { } keys && limits["totalBytes"] is { } bytes
                ? new StoreFigures(usage.Keys, keys, usage.Bytes, bytes, usage.Shards.Count > 0)
                : null;
        }
        catch (Exception e) when (e is DhtUnavailableException or OperationCanceledException or KeyStoreException)
        {
            return null;
        }
    }
}
