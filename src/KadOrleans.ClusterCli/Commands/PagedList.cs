using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Output;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary>A list that the server gives in pages: its options, its reading, and the line that says that there is more.</summary>
internal static class PagedList
{
    private const int Page = 1_000;

    private const int DefaultCount = 100;

    private const int MaxCount = 1_000_000;

    /// <summary>The option of the id after which the list begins.</summary>
    public static Option<string?> AfterOption() => new("--after") { Description = "The id after which the list begins.", HelpName = "HEX" };

    /// <summary>The option of how many entries.</summary>
    public static Option<string?> CountOption(string entries) =>
        new("--count") { Description = $"How many {entries} at most, 1 to {MaxCount}. [default: {DefaultCount}]", HelpName = "N" };

    /// <summary>Reads pages of <c>/v1/admin/NAME</c> until there are enough entries, or no more.</summary>
    /// <param name="client">The server.</param>
    /// <param name="name">The path, and the member of the entries.</param>
    /// <param name="after">Where the list begins; null at its start.</param>
    /// <param name="count">The option's text.</param>
    /// <param name="parameters">Others of the query.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<JsonObject> ReadAsync(
        AdminClient client,
        string name,
        string? after,
        string? count,
        CancellationToken cancellationToken,
        params (string Name, string? Value)[] parameters)
    {
        var most = Numbers.ParseWhole("--count", count, 1, MaxCount, DefaultCount);
        var entries = new JsonArray();
        do
        {
            var wanted = Math.Min(Page, most - entries.Count);
            var page = await client.SendAsync(
                ApiRequest.Get($"/v1/admin/{name}", [.. parameters, ("after", after), ("count", $"{wanted}")]), cancellationToken);
            foreach (var entry in page.List(name))
            {
                entries.Add(entry.DeepClone());
            }

            after = page.Text("next") is { Length: > 0 } next ? next : null;
        }
        while (after is not null && entries.Count < most);
        return new JsonObject { [name] = entries, ["next"] = after };
    }

    /// <summary>Says where the next list begins, if there is more.</summary>
    public static void NoteMore(ResultPrinter printer, JsonObject result)
    {
        if (result.Text("next") is { Length: > 0 } next)
        {
            printer.Note($"There are more; --after {next} goes on.");
        }
    }
}
