using KadOrleans.Faults.Clusters;
using KadOrleans.Faults.Options;

namespace KadOrleans.Faults.Curves;

/// <summary>How silos are killed under load.</summary>
internal sealed record SilenceOptions
{
    /// <summary>The cluster.</summary>
    public required ClusterShape Shape { get; init; }

    /// <summary>FIND_VALUE and STORE a second, half each.</summary>
    public int Rate { get; init; } = 3_000;

    /// <summary>The load before the first kill.</summary>
    public TimeSpan Before { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From a silo's start to the next kill.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The keys that FIND_VALUEs ask for, all held; null for half of them held, and half any of a million.</summary>
    public int? Held { get; init; }

    /// <summary>Where the counts are written as CSV.</summary>
    public string? Csv { get; init; }

    /// <summary>Where the picture is written.</summary>
    public string? Svg { get; init; }

    /// <summary>How arguments are given.</summary>
    public const string Usage = """
        silence  [--storage postgresql|azurite] [--rate 3000] [--silos 3] [--edges 1] [--before SECONDS] [--settle SECONDS]
                 [--held KEYS] [--csv FILE] [--svg FILE] [--shard-bits 7] [--build FOLDER]
        """;

    /// <summary>Reads arguments.</summary>
    /// <exception cref="OptionException">One of them is wrong.</exception>
    public static SilenceOptions Read(IReadOnlyList<string> args)
    {
        var options = new OptionReader(args);
        var read = new SilenceOptions
        {
            Shape = ClusterShape.Read(options, edges: 1),
            Rate = options.Integer("--rate", 3_000, 1, 100_000),
            Before = options.Seconds("--before", 30),
            Settle = options.Seconds("--settle", 60),
            Held = options.Integer("--held", 0, 1, OpenLoad.Keys) is var held and > 0 ? held : null,
            Csv = options.Text("--csv"),
            Svg = options.Text("--svg"),
        };
        options.RefuseOthers();
        return read.Shape.Silos > 1 ? read : throw new OptionException("--silos is 1; at least 2 are needed, as one stays.");
    }
}
