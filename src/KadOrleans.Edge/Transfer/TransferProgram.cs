using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Edge.Configuration;
using KadOrleans.Node.Ports;
using KadOrleans.StateFiles;
using Microsoft.Extensions.Options;

namespace KadOrleans.Edge.Transfer;

/// <summary><c>export</c> and <c>import</c> as a process, from the arguments to the exit code.</summary>
internal static class TransferProgram
{
    /// <summary>Runs one of the two. Mistakes end in a sentence, never in an exception.</summary>
    /// <param name="args">Of which the first is the verb.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TransferIo io)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var arguments = TransferArguments.Parse(args);
            return await RunAsync(arguments, io, stopping.Token);
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

    private static async Task<int> RunAsync(TransferArguments arguments, TransferIo io, CancellationToken cancellationToken)
    {
        var transfer = new ValueTransfer(arguments, io);
        await using var progress = arguments.IsJson ? null : new ProgressLines(io.Error, transfer.Describe, io.Time);
        if (arguments.Verb == TransferArguments.Export)
        {
            await using var cluster = ClusterClientHost.Create(arguments.Settings);
            await cluster.ConnectAsync(io, cancellationToken);
            return await transfer.ExportAsync(cluster.Grains, cancellationToken);
        }

        await using var stream = await StateFile.OpenAsync(arguments.File, io.OpenInput, cancellationToken);
        var head = transfer.Check(stream, cancellationToken);
        await using var target = ClusterClientHost.Create(arguments.Settings);
        await target.ConnectAsync(io, cancellationToken);
        return await transfer.ImportAsync(target.Grains, stream, head, cancellationToken);
    }

    private static (int Code, string Sentence) Explain(Exception e) => e switch
    {
        ConfigurationException or StateFileException or FormatException => (ExitCode.WrongConfiguration, e.Message),
        OptionsValidationException mistakes => (ExitCode.WrongConfiguration, mistakes.Failures.First()),
        OrleansConfigurationException => (ExitCode.WrongConfiguration, e.Message),
        TransferException or KeyStoreException => (ExitCode.Failed, e.Message),
        OperationCanceledException => (ExitCode.Failed, "Interrupted."),
        IOException => (ExitCode.Failed, $"Reading or writing failed: {e.Message}"),
        _ => (ExitCode.Failed, $"This should not have happened ({e.GetType().Name}): {e.Message}"),
    };
}
