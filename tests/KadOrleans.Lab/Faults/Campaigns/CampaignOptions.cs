namespace KadOrleans.Lab;

/// <summary>What a campaign does.</summary>
public sealed record CampaignOptions
{
    public required ClusterShape Shape { get; init; }

    public int Faults { get; init; } = 50;

    public int Seed { get; init; } = 1;

    public int Keys { get; init; } = 64;

    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether versions are signed items, each key's of one salt, whose sequence number is the version.</summary>
    public bool AreItems { get; init; }

    /// <summary>What is done with the keys once all is healthy, before anything is written and at the end; with the gateway of the first silo.</summary>
    public Func<SiloServer, Task> AtStart { get; init; } = static _ => Task.CompletedTask;

    public Func<SiloServer, Task> AtEnd { get; init; } = static _ => Task.CompletedTask;

    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(20);

    public static CampaignOptions Read(OptionReader options)
    {
        var shape = ClusterShape.Read(options, edges: 2);
        return new CampaignOptions
        {
            Shape = shape with { HasStandby = options.Integer("--standbys", 0, 0, shape.Storage == StorageKind.PostgreSql ? 1 : 0) > 0 },
            Faults = options.Integer("--faults", 50, 0, 10_000),
            Seed = options.Integer("--seed", 1, 0, int.MaxValue),
            Keys = options.Integer("--keys", 64, 1, 10_000),
            AreItems = options.Integer("--items", 0, 0, 1) == 1,
            LongestFreeze = options.Seconds("--longest-freeze", 60),
        };
    }
}
