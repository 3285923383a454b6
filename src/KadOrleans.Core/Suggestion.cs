namespace KadOrleans.Core;

/// <summary>Finds what somebody meant who mistyped a name.</summary>
internal static class Suggestion
{
    // Two wrong characters are a slip, more are another word.
    private const int MostWrongCharacters = 2;

    // Longer words are not compared: strangers send them.
    private const int MostCharacters = 64;

    /// <summary>The name that is nearest to what was typed, whatever the case; null if none is near.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known) => typed.Length > MostCharacters ? null : known
        .Select(name => (Name: name, Distance: Distance(Fold(typed), Fold(name))))
        .Where(candidate => candidate.Distance <= Math.Min(MostWrongCharacters, candidate.Name.Length - 2))
        .OrderBy(candidate => candidate.Distance)
        .ThenByDescending(candidate => Fold(candidate.Name).Order().SequenceEqual(Fold(typed).Order()))
        .Select(candidate => candidate.Name)
        .FirstOrDefault();

    /// <summary>A question after a sentence; empty if no name is near.</summary>
    public static string Question(string typed, IEnumerable<string> known) =>
        Nearest(typed, known) is { } nearest ? $" Did you mean '{nearest}'?" : string.Empty;

    private static string Fold(string text) => text.ToUpperInvariant();

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
