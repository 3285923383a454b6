using KadOrleans.Lab;

namespace KadOrleans.Cluster.Tests.Pasted;

/// <summary>What the documents tell a reader to run: what goes on until Ctrl-C, and what no test of this machine can run.</summary>
internal static class PastedDocuments
{
    private static readonly (string Start, string Reason)[] Elsewhere =
    [
        ("docker ", "needs Docker, a registry of images and the network"),
        ("./test.sh", "is what runs this test"),
    ];

    /// <summary>Why a block is not run, in a sentence; null if it is.</summary>
    public static string? NotRun(Snippet block) => Elsewhere
        .Where(elsewhere => block.Lines.Any(line => line.TrimStart('(', ' ').Contains(elsewhere.Start, StringComparison.Ordinal)))
        .Select(elsewhere => elsewhere.Reason)
        .FirstOrDefault();

    /// <summary>What a command that goes on writes once it is ready; null for one that ends.</summary>
    public static string? Serves(string line) => line switch
    {
        _ when line.Contains("src/KadOrleans.Server", StringComparison.Ordinal) && line.Contains("Kad:Silo:Port", StringComparison.Ordinal) => "health http",
        _ when line.Contains("src/KadOrleans.Server", StringComparison.Ordinal) => "listening udp",
        _ when line.Contains("kad node ", StringComparison.Ordinal) || line.Contains("KadOrleans.Cli -- node ", StringComparison.Ordinal) => "listening udp",
        _ => null,
    };
}
