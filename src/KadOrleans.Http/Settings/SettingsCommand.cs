using System.CommandLine;
using System.CommandLine.Invocation;

namespace KadOrleans.Http;

/// <summary>The command line of an executable whose arguments are settings: <c>NAME=VALUE</c>, <c>--NAME=VALUE</c> or <c>--NAME VALUE</c>.</summary>
internal static class SettingsCommand
{
    // Those that the library gives to each command.
    private static readonly string[] Options = ["--help", "--version"];

    /// <summary>
    /// Runs one command line, whose settings have these names below the root; or prints a text instead, which an option asks for. It ends with an
    /// <see cref="ExitCode"/>; a user's mistake ends in a sentence.
    /// </summary>
    public static async Task<int> RunAsync(
        string description,
        IReadOnlyCollection<string> names,
        (string Option, string Description, Func<string> Read) text,
        string[] args,
        Func<string[], Task<int>> run,
        TextWriter output,
        TextWriter error)
    {
        var settings = new Argument<string[]>("settings")
        {
            Description = "NAME=VALUE, or variables of the environment such as Kad__Storage",
            Arity = ArgumentArity.ZeroOrMore,
        };

        // The configuration's own reader ignores arguments that are no settings.
        settings.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !token.Value.Contains('=', StringComparison.Ordinal)))
            {
                result.AddError($"'{token.Value}' is not a setting; NAME=VALUE is needed, such as Kad:Storage=PostgreSql. --help tells more.");
            }

            // It would set nothing, as settings of other roots are the framework's.
            foreach (var name in result.Tokens.Select(token => token.Value.Split('=')[0]))
            {
                if (FindMeant(name, names) is { } meant)
                {
                    result.AddError($"{name} is not a setting; did you mean '{meant}'?");
                }
            }
        });
        var prints = new Option<bool>(text.Option) { Description = text.Description };
        var command = new RootCommand(description) { settings, prints };
        command.Directives.Clear();
        command.SetAction(async parsed =>
        {
            if (!parsed.GetValue(prints))
            {
                return await run(parsed.GetValue(settings) ?? []);
            }

            await output.WriteAsync(text.Read());
            return ExitCode.Done;
        });

        // Without response files: a value may begin with @.
        var result = command.Parse(Join(args, [.. Options, text.Option]), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Action is ParseErrorAction)
        {
            await error.WriteLineAsync(VisibleText.Show(result.Errors[0].Message));
            return ExitCode.WrongUsage;
        }

        try
        {
            return await result.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of what it prints: what runs ends with an exit code.
            await error.WriteLineAsync($"The standard output cannot be written ({Phrases.Of(e.Message)}).");
            return ExitCode.Failed;
        }
    }

    // The setting whose name came without its root, with a misspelt one, or as variables of the environment have it.
    private static string? FindMeant(string name, IReadOnlyCollection<string> names)
    {
        const string OfVariables = "__";
        if (name.Contains(OfVariables, StringComparison.Ordinal))
        {
            var written = name.Replace(OfVariables, ":", StringComparison.Ordinal);
            return written.StartsWith($"{KadSettings.Root}:", StringComparison.OrdinalIgnoreCase) ? written : FindMeant(written, names);
        }

        var (root, rest) = name.Split(':', 2) is [var first, var second] ? (first, second) : (string.Empty, name);
        return Find(name) ?? (root.Equals(KadSettings.Root, StringComparison.OrdinalIgnoreCase) || Suggestion.Nearest(root, [KadSettings.Root]) is null
            ? null
            : Find(rest));

        string? Find(string name) =>
            names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } known
                ? $"{KadSettings.Root}:{known}"
                : null;
    }

    // Converts all three forms to the first, which cannot be mistaken for an option.
    private static List<string> Join(string[] args, string[] options)
    {
        var joined = new List<string>();
        for (var i = 0; i < args.Length; i++)
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
                joined.Add(i + 1 < args.Length ? $"{arg[2..]}={args[++i]}" : arg);
            }
        }

        return joined;
    }
}
