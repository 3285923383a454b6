namespace KadOrleans.Core;

/// <summary>The name that somebody meant who typed another one: of a command, an option, a setting, a limit, a parameter or a field.</summary>
internal static class Suggestion
{
    // Two wrong characters are a slip, more are another word.
    private const int MostWrongCharacters = 2;

    // Whoever sends more has not mistyped a name.
    private const int LongestTyped = 64;

    /// <summary>The nearest of the known names, whatever the case; null if none is near.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known) => typed.Length > LongestTyped ? null : known
        .Select(name => (Name: name, Distance: Distance(Fold(typed), Fold(name))))
        .Where(candidate => candidate.Distance <= Math.Min(MostWrongCharacters, candidate.Name.Length - 2))
        .OrderBy(candidate => candidate.Distance)
        .ThenByDescending(candidate => Fold(candidate.Name).Order().SequenceEqual(Fold(typed).Order()))
        .Select(candidate => candidate.Name)
        .FirstOrDefault();

    /// <summary>A question behind a sentence; empty if no name is near.</summary>
    public static string Question(string typed, IEnumerable<string> known) =>
        Nearest(typed, known) is { } nearest ? $" Did you mean '{nearest}'?" : string.Empty;

    private static string Fold(string text) => text.ToUpperInvariant();

    /// <summary>Characters to insert, delete, replace or swap with the next one to make one word of the other (optimal string alignment).</summary>
    private static int Distance(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                table[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1), Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[from.Length, to.Length];
    }
}
