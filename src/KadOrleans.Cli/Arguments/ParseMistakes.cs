using System.CommandLine.Parsing;

namespace KadOrleans.Cli;

// Says in one sentence what is wrong with a command line. That includes unknown options that were taken for arguments. Words
// behind --, and words with one dash only (a negative number), are arguments.
public static class ParseMistakes
{
    // Two wrong characters are a slip, more are another word.
    private const int MostWrongCharacters = 2;

    public static string? Find(ParseResult result)
    {
        if (result.Action is not System.CommandLine.Invocation.ParseErrorAction)
        {
            return FindSwallowedOption(result) is { } swallowed ? DescribeUnknown(swallowed, result) : FindEarlyOption(result);
        }

        return result.UnmatchedTokens is [var unknown, ..]
            ? DescribeUnknown(unknown, result)
            : $"{result.Errors[0].Message.TrimEnd('.')}; see '{Path(result)} --help'.";
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
        var hint = Nearest(typed, known) is { } nearest ? $"did you mean '{nearest}'?" : $"see '{Path(result)} --help'.";
        return $"'{typed}' is not a known {what} of '{Path(result)}'; {hint}";
    }

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

    private static string? Nearest(string typed, IEnumerable<string> known) => known
        .Select(name => (Name: name, Distance: Distance(typed, name)))
        .Where(candidate => candidate.Distance <= Math.Min(MostWrongCharacters, candidate.Name.Length - 2))
        .OrderBy(candidate => candidate.Distance)
        .ThenByDescending(candidate => candidate.Name.Order().SequenceEqual(typed.Order()))
        .Select(candidate => candidate.Name)
        .FirstOrDefault();

    /// <summary>Characters to insert, delete or replace to make one word of the other (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
