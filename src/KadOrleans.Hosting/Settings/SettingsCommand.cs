using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using KadOrleans.Core;

namespace KadOrleans.Hosting.Settings;

/// <summary>The command line of an executable whose arguments are settings: <c>NAME=VALUE</c>, <c>--NAME=VALUE</c> or <c>--NAME VALUE</c>.</summary>
internal static class SettingsCommand
{
    /// <summary>Creates a command line without commands. It ends with an <see cref="ExitCode"/>.</summary>
    public static RootCommand Create(string description, Func<string[], Task<int>> run)
    {
        var settings = CreateArgument();
        var command = new RootCommand(description) { settings };
        command.Directives.Clear();
        command.SetAction(parsed => run(parsed.GetValue(settings) ?? []));
        return command;
    }

    /// <summary>The argument that takes the settings, for a command of its own.</summary>
    public static Argument<string[]> CreateArgument()
    {
        var settings = new Argument<string[]>("settings")
        {
            Description = "NAME=VALUE, or variables of the environment such as Kad__Storage",
            Arity = ArgumentArity.ZeroOrMore,
        };
        settings.Validators.Add(Check);
        return settings;
    }

    /// <summary>The first argument that is neither a setting nor the value of one; null if all are.</summary>
    public static string? FindWord(this RootCommand command, IReadOnlyList<string> args) =>
        Join(command, args).Find(arg => !arg.Contains('=', StringComparison.Ordinal));

    /// <summary>Runs one command line. A user's mistake ends in a sentence.</summary>
    public static async Task<int> RunAsync(this RootCommand command, IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        // Without response files: a value may begin with @.
        var result = command.Parse(Join(command, args), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Action is ParseErrorAction)
        {
            await error.WriteLineAsync(VisibleText.Show(result.Errors[0].Message));
            return ExitCode.WrongUsage;
        }

        return await result.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    // Converts all three forms to the first, which cannot be mistaken for an option.
    private static List<string> Join(RootCommand command, IReadOnlyList<string> args)
    {
        var options = command.Options.Concat(command.Subcommands.SelectMany(sub => sub.Options))
            .SelectMany(option => option.Aliases.Append(option.Name))
            .ToHashSet(StringComparer.Ordinal);
        var joined = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var arg = args[i];
            if (!arg.StartsWith("--", StringComparison.Ordinal) || options.Contains(arg))
            {
                joined.Add(arg);
            }
            else if (arg.Contains('=', StringComparison.Ordinal))
            {
                joined.Add(arg[2..]);
            }
            else
            {
                joined.Add(i + 1 < args.Count ? $"{arg[2..]}={args[++i]}" : arg);
            }
        }

        return joined;
    }

    // The configuration's own reader ignores arguments that are no settings.
    private static void Check(ArgumentResult result)
    {
        foreach (var token in result.Tokens.Where(token => !token.Value.Contains('=', StringComparison.Ordinal)))
        {
            result.AddError($"'{token.Value}' is not a setting; NAME=VALUE is needed, such as Kad:Storage=AdoNet. --help tells more.");
        }
    }
}
