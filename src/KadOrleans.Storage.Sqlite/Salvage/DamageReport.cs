namespace KadOrleans.Storage.Sqlite;

internal sealed record DamageReport(string Sentence, IReadOnlyList<NodeId> LostKeys)
{
    private const int MostNamed = 5;

    public static DamageReport Create(
        string path, Damage damage, (string Aside, string Missing)? rebuilt, string? aside, IReadOnlyList<NodeId> lost, long left)
    {
        var segments = damage.Records.Segments;
        var named = string.Join(", ", segments.Take(MostNamed).Select(segment => segment.Number));
        string[] parts =
        [
            .. rebuilt is { } whole ? [$"its structure{whole.Missing}"] : Array.Empty<string>(),
            .. Count(segments.Count, $"segments of its values ({named}{(segments.Count > MostNamed ? ", …" : string.Empty)})"),
            .. Count(damage.Publications.Count, "publications"),
            .. Count(damage.Contacts, "contacts"),
            .. damage.Id ? ["the node's id, which is a new one now unless --id says it"] : Array.Empty<string>(),
        ];
        string[] places = [.. new[] { rebuilt?.Aside, aside }.OfType<string>().Select(place => $"'{place}'")];
        var where = places.Length == 0 ? string.Empty : $"; the damaged bytes are in {string.Join(" and ", places)}";
        var known = lost.Count == 0 ? "which keys are lost is not known" : $"{lost.Count} keys are known to be lost";
        known += lost.Count > 0 && rebuilt is not null ? ", and which others are is not known" : string.Empty;
        return new DamageReport($"'{path}' was damaged ({string.Join(", ", parts)}): {known}, {left} are left{where}.", lost);
    }

    private static IEnumerable<string> Count(int count, string what) => count == 0 ? [] : [$"{count} {what}"];
}
