using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace KadOrleans.Cli;

public sealed class ExampleCommand(string name, string description) : Command(name, description)
{
    /// <summary>Command lines that work, at least two.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    public string? Notes { get; init; }

    public ExampleCommand With(params ReadOnlySpan<Symbol> symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option:
                    Add(option);
                    break;
                case Argument argument:
                    Add(argument);
                    break;
                default:
                    Add((Command)symbol);
                    break;
            }
        }

        return this;
    }

    // Adds the option --json, whose value the action gets.
    public ExampleCommand Runs(Func<ParseResult, bool, CancellationToken, Task<int>> run)
    {
        var json = CommonOptions.Json();
        With(json).SetAction((parsed, cancellationToken) => run(parsed, parsed.GetValue(json), cancellationToken));
        return this;
    }
}

internal sealed class HelpWithExamples(HelpAction help, IReadOnlyList<string> rootExamples) : SynchronousCommandLineAction
{
    private const string ExitCodes = "Exit codes: 0 done; 1 not found, rejected or interrupted; 2 wrong usage; 3 no response.";

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command as ExampleCommand;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in command?.Examples ?? rootExamples)
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        if (command is { Notes: { } notes })
        {
            output.WriteLine(notes);
        }

        output.WriteLine(ExitCodes);
        output.WriteLine();
        return exitCode;
    }
}
