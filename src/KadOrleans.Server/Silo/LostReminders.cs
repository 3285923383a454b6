namespace KadOrleans.Server;

/// <summary>
/// Finds the shards that have no reminder, where the table of reminders may forget. One that is called sets its own if it holds values.
/// </summary>
internal static class LostReminders
{
    /// <summary>How often they are sought: as often as a shard's reminder ticks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    public static async Task<IReadOnlyList<GrainId>> FindShardsAsync(IServiceProvider services)
    {
        // From 0 to 0 is the whole ring of hashes.
        var rows = await services.GetRequiredService<IReminderTable>().ReadRows(0, 0);
        var reminded = rows.Reminders.Select(row => row.GrainId).ToHashSet();
        var shards = services.GetRequiredService<ClusterShards>().Layout;
        var grains = services.GetRequiredService<IGrainFactory>();
        return [.. Enumerable.Range(0, shards.Count)
            .Select(number => grains.GetGrain<IKeyShardGrain>(shards.ShardAt(number)).GetGrainId())
            .Where(shard => !reminded.Contains(shard))];
    }
}
