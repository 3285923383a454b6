namespace KadOrleans.Edge.Transfer;

/// <summary>What <c>export</c> and <c>import</c> read from and write to, and how long they wait.</summary>
internal sealed record TransferIo
{
    /// <summary>Opens the standard input.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Opens the standard output, for the file.</summary>
    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>The standard output, for the summary.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>The standard error output. Must be safe to use from several threads.</summary>
    public required TextWriter Error { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long silos may keep silent, at the beginning and at each call.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The process's own streams.</summary>
    public static TransferIo FromConsole() => new()
    {
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        Output = Console.Out,
        Error = Console.Error,
    };
}
