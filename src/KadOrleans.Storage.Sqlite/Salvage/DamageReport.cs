using System.Globalization;
using KadOrleans.Core;

namespace KadOrleans.Storage.Sqlite.Salvage;

/// <summary>The missing parts of a damaged file, for people and for the node.</summary>
internal sealed record DamageReport(string Sentence, IReadOnlyList<NodeId> LostKeys)
{
    /// <summary>The most segments that are named; the others are counted.</summary>
    private const int MostNamed = 5;

    public static DamageReport Create(
        string path, Damage damage, (string Aside, string Missing)? rebuilt, string? aside, IReadOnlyList<NodeId> lost, long left)
    {
        string[] parts =
        [
            .. rebuilt is { } whole ? [$"its structure{whole.Missing}"] : Array.Empty<string>(),
            .. Segments(damage.Records),
            .. Count(damage.Publications.Count, "publications"),
            .. Count(damage.Contacts, "contacts"),
            .. damage.Id ? ["the node's id, which is a new one now unless --id says it"] : Array.Empty<string>(),
        ];
        string[] places = [.. new[] { rebuilt?.Aside, aside }.OfType<string>().Select(place => $"'{place}'")];
        var where = places.Length == 0 ? string.Empty : $"; the damaged bytes are in {string.Join(" and ", places)}";
        var known = lost.Count == 0 ? "which keys are lost is not known" : Text($"{lost.Count} keys are known to be lost");
        known += lost.Count > 0 && rebuilt is not null ? ", and which others are is not known" : string.Empty;
        return new DamageReport(Text($"'{path}' was damaged ({string.Join(", ", parts)}): {known}, {left} are left{where}."), lost);
    }

    private static IEnumerable<string> Segments(LostRecords records)
    {
        if (records.Segments.Count == 0)
        {
            return [];
        }

        var named = string.Join(", ", records.Segments.Take(MostNamed).Select(s => s.Number.ToString(CultureInfo.InvariantCulture)));
        var more = records.Segments.Count > MostNamed ? Text($" and {records.Segments.Count - MostNamed} more") : string.Empty;
        return [records.Segments.Count == 1 ? $"segment {named} of its values" : $"segments {named}{more} of its values"];
    }

    private static IEnumerable<string> Count(int count, string what) => count == 0 ? [] : [Text($"{count} {what}")];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The unreadable parts of a file. Everything else was loaded.</summary>
internal sealed class Damage
{
    public LostRecords Records { get; } = new();

    /// <summary>Keys of publications that are unreadable, as they are in the file.</summary>
    public List<byte[]> Publications { get; } = [];

    public int Contacts { get; set; }

    public bool Id { get; set; }

    public bool IsAny => Records.Segments.Count > 0 || Publications.Count > 0 || Contacts > 0 || Id;
}
