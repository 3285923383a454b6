using System.Collections;
using System.Text;

namespace KadOrleans.Core;

/// <summary>How records print what they consist of: as the compiler has it, but for lists, of which it would print the type.</summary>
internal static class RecordText
{
    // A page has up to 1,000 elements.
    private const int MaxElements = 10;

    /// <summary>For a record's <c>PrintMembers</c>: all that it was made of, without what follows from that.</summary>
    public static bool AppendMembers<T>(this StringBuilder text, T record)
    {
        var members = typeof(T).GetProperties().Where(property => property.CanWrite).OrderBy(property => property.MetadataToken);
        text.AppendJoin(", ", members.Select(property => $"{property.Name} = {Format(property.GetValue(record))}"));
        return true;
    }

    private static string? Format(object? value) => value switch
    {
        string text => text,
        IEnumerable list => Format(list.Cast<object>()),
        KeyValuePair<string, long> count => string.Create(CultureInfo.InvariantCulture, $"{count.Key} = {count.Value}"),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static string Format(IEnumerable<object> list)
    {
        var (shown, more) = (list.Take(MaxElements).Select(Format), list.Count() - MaxElements);
        return $"[{string.Join(", ", more > 0 ? shown.Append(string.Create(CultureInfo.InvariantCulture, $"{more} more")) : shown)}]";
    }
}
