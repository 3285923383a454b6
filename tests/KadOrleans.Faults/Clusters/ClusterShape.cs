using KadOrleans.Faults.Options;

namespace KadOrleans.Faults.Clusters;

/// <summary>What a cluster is made of.</summary>
internal sealed record ClusterShape
{
    /// <summary>Where its state is kept.</summary>
    public StorageKind Storage { get; init; } = StorageKind.PostgreSql;

    /// <summary>Whether PostgreSQL has a standby, which has each commit before it is told to anybody.</summary>
    public bool HasStandby { get; init; }

    /// <summary>How many silos; one on SQLite.</summary>
    public int Silos { get; init; } = 3;

    /// <summary>How many edges, each with one node id.</summary>
    public int Edges { get; init; } = 2;

    /// <summary>A shard for each value of so many bits of a key.</summary>
    public int ShardBits { get; init; } = 7;

    /// <summary>The built silo and edge.</summary>
    public required Executables Executables { get; init; }

    /// <summary>Reads <c>--storage --silos --edges --shard-bits --build</c>.</summary>
    /// <exception cref="OptionException">One of them is wrong.</exception>
    public static ClusterShape Read(OptionReader options, int edges)
    {
        var storage = options.Choice("--storage", StorageKind.PostgreSql);
        var most = storage == StorageKind.Sqlite ? 1 : 16;
        return new ClusterShape
        {
            Storage = storage,
            Silos = options.Integer("--silos", Math.Min(3, most), 1, most),
            Edges = options.Integer("--edges", edges, 1, 16),
            ShardBits = options.Integer("--shard-bits", 7, 0, 12),
            Executables = Executables.Find(options.Text("--build")),
        };
    }
}
