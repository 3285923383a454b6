using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cli;

// An executable's commands. A user's mistake ends in one sentence, never in an exception.
public sealed class ProgramCommand : RootCommand
{
    public ProgramCommand(string name, string description, IReadOnlyList<string> examples)
        : base(description)
    {
        ProgramName = name;
        var help = Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
    }

    /// <summary>The executable, as it is typed. A host of tests has another <see cref="Symbol.Name"/>.</summary>
    public string ProgramName { get; }

    public async Task<int> RunAsync(string[] args, CommandIo io, CancellationToken cancellationToken)
    {
        // A key or value may begin with '@', which would otherwise name a file of arguments.
        var result = Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var printer = new ResultPrinter(io, json: result.Tokens.Any(t => t is { Type: TokenType.Option, Value: CommonOptions.JsonName }));
        if ((ArgumentBytes.FindMistake(args) ?? ParseMistakes.Find(result)) is { } mistake)
        {
            return printer.Fail(ExitCode.WrongUsage, mistake);
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
        catch (OutputException e) when (e.HasNoReader)
        {
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            var (exitCode, sentence) = e switch
            {
                CommandException known => (known.ExitCode, known.Message),
                OptionsValidationException mistakes => (ExitCode.WrongUsage, mistakes.Failures.First()),

                // A data folder, a port or a file that cannot be used.
                KeyStoreException => (ExitCode.WrongUsage, $"--data: {e.Message}"),
                TransportException or StateFileException => (ExitCode.WrongUsage, e.Message),
                OperationCanceledException => (ExitCode.Failed, "Interrupted."),
                OutputException => (ExitCode.Failed, e.Message),
                IOException or UnauthorizedAccessException => (ExitCode.Failed, $"Reading or writing failed: {e.Message}"),
                _ => (ExitCode.Failed, $"Unexpected error ({e.GetType().Name}): {e.Message}"),
            };
            return printer.Fail(exitCode, sentence, e is CommandException { Reason: { } reason } ? new JsonObject { ["reason"] = reason } : null);
        }
    }
}
