using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster keys</c>: lists held keys by a prefix of their ids, page after page.</summary>
internal static class KeysCommand
{
    private const int Page = 1_000;

    private const int DefaultCount = 100;

    private const int MaxCount = 1_000_000;

    public static Command Create(CommandIo io)
    {
        var prefix = new Option<string?>("--prefix") { Description = "The first hexadecimal digits of the ids.", HelpName = "HEX" };
        var after = new Option<string?>("--after") { Description = "The id after which the list begins.", HelpName = "HEX" };
        var count = new Option<string?>("--count") { Description = $"How many keys at most, 1 to {MaxCount}. [default: {DefaultCount}]", HelpName = "N" };
        return ApiCommand.Create(
            io,
            new ExampleCommand("keys", "List keys that are held, in the order of their ids.")
            {
                Examples = ["kad-cluster keys --prefix 00ff --data kad-data", "kad-cluster keys --count 10000 --json --token-file operator.token"],
            }.With(prefix, after, count),
            (parsed, client, cancellationToken) => ListAsync(
                client,
                parsed.GetValue(prefix),
                parsed.GetValue(after),
                Numbers.ParseWhole("--count", parsed.GetValue(count), 1, MaxCount, DefaultCount),
                cancellationToken),
            static (printer, result) =>
            {
                printer.Rows(result.List("keys"), ("key", "digest"), ("type", "type"), ("bytes", "bytes"), ("expires", "expiresAt"), ("source", "source"));
                if (result.Text("next") is { Length: > 0 } next)
                {
                    printer.Note($"There are more; --after {next} goes on.");
                }
            });
    }

    private static async Task<JsonObject> ListAsync(
        AdminClient client, string? prefix, string? after, int count, CancellationToken cancellationToken)
    {
        var keys = new JsonArray();
        do
        {
            var wanted = Math.Min(Page, count - keys.Count);
            var page = await client.SendAsync(
                ApiRequest.Get("/v1/admin/keys", ("prefix", prefix), ("after", after), ("count", $"{wanted}")), cancellationToken);
            foreach (var key in page.List("keys"))
            {
                keys.Add(key.DeepClone());
            }

            after = page.Text("next") is { Length: > 0 } next ? next : null;
        }
        while (after is not null && keys.Count < count);
        return new JsonObject { ["keys"] = keys, ["next"] = after };
    }
}
