using KadOrleans.Cli.Commands;

namespace KadOrleans.Cli.Admin;

/// <summary>A command that lists what the server gives in pages, and says whether there is more.</summary>
internal static class PagedList
{
    private const int Page = 1_000;

    private const int DefaultCount = 100;

    private const int MaxCount = 1_000_000;

    /// <summary>Creates the command.</summary>
    /// <param name="io">The streams.</param>
    /// <param name="command">Its name, description and examples.</param>
    /// <param name="name">The path below <c>/v1/admin/</c>, and the member of the entries.</param>
    /// <param name="prefix">The option that chooses entries, if there is one.</param>
    /// <param name="columns">The columns of the table.</param>
    public static Command Create(
        CommandIo io, ExampleCommand command, string name, Option<string?>? prefix, params (string Heading, string Field)[] columns)
    {
        var after = new Option<string?>("--after") { Description = "The id after which the list begins.", HelpName = "HEX" };
        var count = new Option<string?>("--count") { Description = $"How many {name} at most, 1 to {MaxCount}. [default: {DefaultCount}]", HelpName = "N" };
        if (prefix is not null)
        {
            command.Add(prefix);
        }

        return ApiCommand.Create(
            io,
            command.With(after, count),
            (parsed, client, cancellationToken) => ReadAsync(
                client,
                name,
                prefix is null ? null : parsed.GetValue(prefix),
                parsed.GetValue(after),
                Numbers.ParseWhole("--count", parsed.GetValue(count), 1, MaxCount, DefaultCount),
                cancellationToken),
            (printer, result) =>
            {
                printer.Rows(result.List(name), columns);
                if (result.Text("next") is { Length: > 0 } next)
                {
                    printer.Note($"There are more; --after {next} goes on.");
                }
            });
    }

    private static async Task<JsonObject> ReadAsync(
        AdminClient client, string name, string? prefix, string? after, int most, CancellationToken cancellationToken)
    {
        var entries = new JsonArray();
        do
        {
            var wanted = Math.Min(Page, most - entries.Count);
            var page = await client.SendAsync(
                ApiRequest.Get($"/v1/admin/{name}", ("prefix", prefix), ("after", after), ("count", $"{wanted}")), cancellationToken);
            foreach (var entry in page.List(name))
            {
                entries.Add(entry.DeepClone());
            }

            after = page.Text("next") is { Length: > 0 } next ? next : null;
        }
        while (after is not null && entries.Count < most);
        return new JsonObject { [name] = entries, ["next"] = after };
    }
}
