using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace KadOrleans.Cli.Commands;

/// <summary>A command's help with its examples behind it.</summary>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyList<string> rootExamples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        ArgumentNullException.ThrowIfNull(parseResult);
        var exitCode = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command as ExampleCommand;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in command?.Examples ?? rootExamples)
        {
            output.WriteLine($"  {example}");
        }

        if (command is { Notes: { } notes })
        {
            output.WriteLine();
            output.WriteLine(notes);
        }

        output.WriteLine();
        return exitCode;
    }
}
