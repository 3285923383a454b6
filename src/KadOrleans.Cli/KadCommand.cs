using System.CommandLine;
using System.CommandLine.Help;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.Node.Ports;
using KadOrleans.StateFiles;
using KadOrleans.Transport.Udp;

namespace KadOrleans.Cli;

/// <summary>The <c>kad</c> command: what the process runs, and what a test can run without one.</summary>
internal static class KadCommand
{
    /// <summary>Runs one command line and returns its <see cref="ExitCode"/>. Mistakes end in a sentence, never in an exception.</summary>
    /// <param name="args">What follows <c>kad</c>.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <param name="cancellationToken">Ends the command: a node stops in order, anything else gives up.</param>
    public static async Task<int> RunAsync(string[] args, CommandIo io, CancellationToken cancellationToken = default)
    {
        var result = CreateRoot(io).Parse(args);
        if (ParseMistakes.Find(result) is { } mistake)
        {
            io.Say(mistake);
            return ExitCode.WrongUsage;
        }

        try
        {
            return await result.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = io.Output,
                    Error = io.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellationToken);
        }
        catch (Exception e)
        {
            var (exitCode, sentence) = Explain(e);
            io.Say(sentence);
            return exitCode;
        }
    }

    private static RootCommand CreateRoot(CommandIo io)
    {
        var root = new RootCommand("A node of a Kademlia network, and the tools to ask one.")
        {
            NodeCommand.Create(io),
            SetCommand.Create(io),
            GetCommand.Create(io),
            PingCommand.Create(io),
            StunCommand.Create(io),
            FindNodeCommand.Create(io),
            CrawlCommand.Create(io),
            SizeCommand.Create(io),
            StateCommand.Create(io),
            SimulateCommand.Create(io),
            BenchCommand.Create(io),
            BenchEchoCommand.Create(io),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!,
        [
            "kad node --listen 0.0.0.0:8468 --bootstrap node.example.org:8468",
            "kad get greeting --via 127.0.0.1:8468",
        ]);
        return root;
    }

    private static (int ExitCode, string Sentence) Explain(Exception e) => e switch
    {
        CommandException known => (known.ExitCode, known.Message),
        TransportException or KeyStoreException or StateFileException => (ExitCode.WrongUsage, e.Message),
        OperationCanceledException => (ExitCode.Failed, "Interrupted."),
        IOException or UnauthorizedAccessException => (ExitCode.Failed, $"Reading or writing failed: {e.Message}"),
        _ => (ExitCode.Failed, $"This should not have happened ({e.GetType().Name}): {e.Message}"),
    };
}
