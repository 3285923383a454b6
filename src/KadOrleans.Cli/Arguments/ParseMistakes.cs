using System.CommandLine.Parsing;

namespace KadOrleans.Cli;

// Says in one sentence what is wrong with a command line. That includes unknown options that were taken for arguments. Words
// behind --, and words with one dash only (a negative number), are arguments.
public static class ParseMistakes
{
    public static string? Find(ParseResult result)
    {
        if (result.Action is not System.CommandLine.Invocation.ParseErrorAction)
        {
            return FindSwallowedOption(result) is { } swallowed ? DescribeUnknown(swallowed, result) : FindEarlyOption(result);
        }

        // An option that was taken for an argument left no place for the next one.
        return (FindSwallowedOption(result) ?? (result.UnmatchedTokens is [var first, ..] ? first : null)) is { } unknown
            ? DescribeUnknown(unknown, result)
            : $"{FindMissing(result.CommandResult) ?? result.Errors[0].Message.TrimEnd('.')}; see '{Path(result)} --help'.";
    }

    // The library's sentence does not name what is missing.
    private static string? FindMissing(CommandResult result)
    {
        var command = result.Command;
        return command.Subcommands.Count > 0 && command.Action is null ? "No command is given"
            : command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > (result.GetResult(argument)?.Tokens.Count ?? 0)) is { } missing
                ? $"{missing.Name} is missing"
                : null;
    }

    private static string? FindSwallowedOption(ParseResult result) => result.Tokens
        .TakeWhile(token => token.Type != TokenType.DoubleDash)
        .FirstOrDefault(token => token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))
        ?.Value;

    // An option of a command that can be run alone would not reach the command behind it.
    private static string? FindEarlyOption(ParseResult result)
    {
        for (var at = result.CommandResult; at.Parent is CommandResult parent; at = parent)
        {
            if (parent.Children.OfType<OptionResult>().FirstOrDefault(option => !option.Implicit && !option.Option.Recursive) is { } early)
            {
                return $"'{early.IdentifierToken?.Value}' is before '{at.IdentifierToken.Value}'; options belong behind it.";
            }
        }

        return null;
    }

    private static string DescribeUnknown(string typed, ParseResult result)
    {
        var command = result.CommandResult.Command;
        var isOption = typed.StartsWith('-');
        var known = isOption
            ? command.Options.SelectMany(o => o.Aliases.Append(o.Name))
            : command.Subcommands.Select(c => c.Name);
        if (known.Contains(typed))
        {
            // A known option is an argument only behind a double dash.
            return $"'{typed}' is behind '--', where everything is an argument; options belong before it.";
        }

        var what = isOption ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        var hint = (FindBelow(command, typed) ?? Suggestion.Nearest(typed, known)) is { } meant ? $"did you mean '{meant}'?" : $"see '{Path(result)} --help'.";
        return $"'{typed}' is not a known {what} of '{Path(result)}'; {hint}";
    }

    // 'kad delete' is 'kad admin delete'.
    private static string? FindBelow(Command command, string typed) => command.Subcommands
        .Where(group => group.Subcommands.Any(below => below.Name == typed))
        .Select(group => $"{group.Name} {typed}")
        .FirstOrDefault();

    private static string Path(ParseResult result)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = result.CommandResult; at is not null; at = at.Parent)
        {
            if (at is CommandResult { Command: var command })
            {
                names.Push(command is ProgramCommand program ? program.ProgramName : command.Name);
            }
        }

        return string.Join(' ', names);
    }
}
