using System.CommandLine;
using System.CommandLine.Help;
using KadOrleans.Cli.Arguments;
using KadOrleans.Node.Ports;
using KadOrleans.StateFiles;
using KadOrleans.Transport.Udp;

namespace KadOrleans.Cli.Commands;

/// <summary>An executable's commands. A user's mistake ends in one sentence, never in an exception.</summary>
internal sealed class ProgramCommand : RootCommand
{
    /// <param name="name">The executable, as it is typed.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="examples">Command lines that work, at least two.</param>
    public ProgramCommand(string name, string description, IReadOnlyList<string> examples)
        : base(description)
    {
        ProgramName = name;
        var help = Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
    }

    /// <summary>The executable, as it is typed. A host of tests has another <see cref="Symbol.Name"/>.</summary>
    public string ProgramName { get; }

    /// <summary>Runs one command line and returns its <see cref="ExitCode"/>.</summary>
    /// <param name="args">What follows the executable's name.</param>
    /// <param name="io">Where the command reads and writes.</param>
    /// <param name="cancellationToken">Ends the command: a node stops in order, anything else gives up.</param>
    public async Task<int> RunAsync(string[] args, CommandIo io, CancellationToken cancellationToken)
    {
        var result = Parse(args);
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

    private static (int ExitCode, string Sentence) Explain(Exception e) => e switch
    {
        CommandException known => (known.ExitCode, known.Message),
        TransportException or KeyStoreException or StateFileException => (ExitCode.WrongUsage, e.Message),
        OperationCanceledException => (ExitCode.Failed, "Interrupted."),
        IOException or UnauthorizedAccessException => (ExitCode.Failed, $"Reading or writing failed: {e.Message}"),
        _ => (ExitCode.Failed, $"This should not have happened ({e.GetType().Name}): {e.Message}"),
    };
}
