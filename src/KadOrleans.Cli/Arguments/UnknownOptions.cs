using System.CommandLine;
using System.CommandLine.Parsing;

namespace KadOrleans.Cli.Arguments;

/// <summary>
/// Finds options that a command does not know where they were taken for arguments. What stands behind <c>--</c>, and
/// what begins with one dash only (a negative number), is an argument.
/// </summary>
internal static class UnknownOptions
{
    // Two wrong characters are a slip, more are another word.
    private const int MostWrongCharacters = 2;

    /// <summary>The sentence for the first such option, or null.</summary>
    public static string? Find(ParseResult result)
    {
        foreach (var token in result.Tokens)
        {
            if (token.Type == TokenType.DoubleDash)
            {
                return null;
            }

            if (token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))
            {
                return Describe(token.Value, result.CommandResult.Command);
            }
        }

        return null;
    }

    private static string Describe(string typed, Command command)
    {
        var nearest = command.Options.Select(o => o.Name).Where(n => n.StartsWith("--", StringComparison.Ordinal))
            .Select(name => (Name: name, Distance: Distance(typed, name)))
            .Where(option => option.Distance <= MostWrongCharacters)
            .OrderBy(option => option.Distance)
            .Select(option => option.Name)
            .FirstOrDefault();
        var hint = nearest is null
            ? $"if it is a key or a value, put -- before it; see 'kad {command.Name} --help'"
            : $"did you mean '{nearest}'?";
        return $"'{typed}' is no option of 'kad {command.Name}': {hint}{(nearest is null ? "." : string.Empty)}";
    }

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
