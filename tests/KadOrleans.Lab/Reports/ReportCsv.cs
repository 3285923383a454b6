using System.Text.Json.Nodes;

namespace KadOrleans.Lab.Reports;

/// <summary>A report as one line of headings (<c>lookups.hops.mean</c>) and one of numbers. Arrays are left out.</summary>
internal static class ReportCsv
{
    public static string Create(JsonObject report)
    {
        var cells = new List<(string Name, string Value)>();
        Flatten(report, "", cells);
        return $"{string.Join(',', cells.Select(cell => cell.Name))}\n{string.Join(',', cells.Select(cell => cell.Value))}\n";
    }

    private static void Flatten(JsonObject source, string prefix, List<(string Name, string Value)> cells)
    {
        foreach (var (name, node) in source)
        {
            if (node is JsonObject inner)
            {
                Flatten(inner, $"{prefix}{name}.", cells);
            }
            else if (node is JsonValue value)
            {
                cells.Add((prefix + name, value.ToJsonString()));
            }
        }
    }
}
