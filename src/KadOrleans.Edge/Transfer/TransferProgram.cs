using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Hosting;
using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;
using KadOrleans.Node.Ports;
using KadOrleans.StateFiles;
using Microsoft.Extensions.Options;

namespace KadOrleans.Edge.Transfer;

/// <summary>Runs <c>export</c> and <c>import</c>, from the arguments to the exit code.</summary>
internal static class TransferProgram
{
    /// <summary>Runs one of the two. A user's mistake ends in a sentence on standard error, never in an exception.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="providers">What the executable can use.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static Task<int> RunAsync(TransferArguments arguments, KadProviders providers, TransferIo io) => RunAsync(io, cancellationToken =>
    {
        arguments.RequireFile();
        return RunAsync(arguments, providers, io, cancellationToken);
    });

    /// <summary>Runs a command that signals cancel. What it throws ends in a sentence on standard error.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(TransferIo io, Func<CancellationToken, Task<int>> run)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await run(stopping.Token);
        }
        catch (Exception e)
        {
            var (code, sentence) = Explain(e);
            await io.Error.WriteLineAsync(VisibleText.ShowLines(sentence));
            return code;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }

    private static async Task<int> RunAsync(TransferArguments arguments, KadProviders providers, TransferIo io, CancellationToken cancellationToken)
    {
        var transfer = new ValueTransfer(arguments, io);
        await using var progress = arguments.IsJson ? null : new ProgressLines(io.Error, transfer.Describe, io.Time);
        if (arguments.Verb == TransferArguments.Export)
        {
            await using var cluster = ClusterClientHost.Create(arguments.Settings, providers);
            await cluster.ConnectAsync(io, cancellationToken);
            return await transfer.ExportAsync(cluster.Grains, cancellationToken);
        }

        await using var stream = await StateFile.OpenAsync(arguments.File, io.OpenInput, cancellationToken);
        var head = transfer.Check(stream, cancellationToken);
        await using var target = ClusterClientHost.Create(arguments.Settings, providers);
        await target.ConnectAsync(io, cancellationToken);
        return await transfer.ImportAsync(target.Grains, stream, head, cancellationToken);
    }

    private static (int Code, string Sentence) Explain(Exception e) => e switch
    {
        StateFileException or OrleansConfigurationException => (ExitCode.WrongUsage, e.Message),
        OptionsValidationException mistakes => (ExitCode.WrongUsage, string.Join(Environment.NewLine, mistakes.Failures)),
        TransferException or KeyStoreException => (ExitCode.Failed, e.Message),
        OperationCanceledException => (ExitCode.Failed, "Interrupted."),
        IOException => (ExitCode.Failed, $"Reading or writing failed: {e.Message}"),
        _ => (ExitCode.Failed, $"This should not have happened ({e.GetType().Name}): {e.Message}"),
    };
}

/// <summary>The arguments of <c>export</c> and <c>import</c>.</summary>
/// <param name="Verb">Which of the two.</param>
/// <param name="File">A path, or <see cref="StateFile.Standard"/>.</param>
/// <param name="IsJson">Whether the summary is JSON.</param>
/// <param name="Settings">Settings, as an edge takes them.</param>
internal sealed record TransferArguments(string Verb, string File, bool IsJson, string[] Settings)
{
    public const string Export = "export";
    public const string Import = "import";

    /// <summary>Checks that FILE is given. A setting in its place means that it was left out.</summary>
    /// <exception cref="OptionsValidationException">FILE is missing.</exception>
    public void RequireFile()
    {
        if (File.Length == 0 || (File.Contains('=', StringComparison.Ordinal)
            && (File.StartsWith("Kad:", StringComparison.OrdinalIgnoreCase) || File.StartsWith("Orleans:", StringComparison.OrdinalIgnoreCase))))
        {
            throw KadSettings.Mistake(
                $"FILE is missing: KadOrleans.Edge {Verb} FILE [settings], where - is the standard {(Verb == Export ? "output" : "input")}.");
        }
    }
}

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

    /// <summary>The timeout for the connection to a silo, and of each call.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The process's own streams.</summary>
    public static TransferIo FromConsole() => new()
    {
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        Output = Console.Out,
        Error = Console.Error,
    };
}

/// <summary>A file was not written, or not completely imported. The message is one sentence.</summary>
internal sealed class TransferException(string message, Exception? cause = null) : Exception(message, cause);
