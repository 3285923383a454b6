namespace KadOrleans.Http;

/// <summary>Until when an item is to be kept for its owner, as people and programs write it.</summary>
internal static class KeepTime
{
    private static readonly string[] Forms =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>What is wrong with a text, in one sentence; null if it is a date or a time. One without an offset is in UTC.</summary>
    /// <param name="name">What names it.</param>
    /// <param name="text">The text.</param>
    /// <param name="until">The whole second that it says.</param>
    public static string? FindProblem(string name, string text, out DateTimeOffset until)
    {
        var isTime = DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read);
        until = isTime ? KeepRules.WholeSecond(read) : default;
        return isTime
            ? null
            : $"{name} is '{VisibleText.Excerpt(text)}'; a date such as 2030-01-31, or a time such as 2030-01-31T12:00:00Z, is needed.";
    }

    /// <summary>The time as text, in UTC.</summary>
    internal static string Show(DateTimeOffset until) => string.Create(CultureInfo.InvariantCulture, $"{until.UtcDateTime:u}");

    /// <summary>Reads the parameter keep of a put, which goes with no other; null without it.</summary>
    internal static DateTimeOffset? Read(string? keep, DateTimeOffset now, params ReadOnlySpan<(string Name, bool IsGiven)> others)
    {
        if (keep is null)
        {
            return null;
        }

        foreach (var (name, isGiven) in others)
        {
            if (isGiven)
            {
                throw ApiProblemException.Wrong($"keep is '{VisibleText.Excerpt(keep)}' beside {name}; an item is kept without it.");
            }
        }

        return (FindProblem("keep", keep, out var until) ?? KeepRules.FindProblem(until, now)) is { } problem
            ? throw ApiProblemException.Wrong(problem)
            : until;
    }
}
