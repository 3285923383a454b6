using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Clients;
using KadOrleans.Cli.Output;
using KadOrleans.Core;
using KadOrleans.Core.Lookups;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad find-node</c>: finds the nodes nearest to an id.</summary>
internal static class FindNodeCommand
{
    public static Command Create(CommandIo io)
    {
        var target = new Argument<string>("HEX") { Description = "The id: 40 hexadecimal digits." };
        var (via, json) = (CommonOptions.Via(), CommonOptions.Json());
        var command = new ExampleCommand("find-node", "Find the nodes nearest to an id, nearest first.")
        {
            Examples =
            [
                "kad find-node 356a192b7913b04c54574d18c28d46e6395428ab --via 127.0.0.1:8468",
                "kad find-node 356a192b7913b04c54574d18c28d46e6395428ab --via node.example.org:8468 --json",
            ],
            Notes = "Each line has the id, the address, and how many leading bits the id shares with the target.",
        };
        command.Add(target);
        command.Add(via);
        command.Add(json);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            io, Keys.ParseId("HEX", parsed.GetValue(target)!), parsed.GetValue(via)!, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandIo io, NodeId target, string[] via, bool json, CancellationToken cancellationToken)
    {
        var outcome = await new NetworkSession(io, json).RunAsync(
            via, "Looking for the nearest nodes…", engine => engine.FindNodeAsync(target, cancellationToken), cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        Print(new ResultPrinter(io, json), outcome);
        return outcome.Closest.Count > 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Print(ResultPrinter printer, LookupOutcome outcome)
    {
        if (printer.IsJson)
        {
            var contacts = outcome.Closest.Select(JsonNode? (contact) => new JsonObject
            {
                ["id"] = contact.Id.ToString(),
                ["endpoint"] = contact.Endpoint.ToString(),
                ["sharedPrefixBits"] = contact.Id.CommonPrefixLength(outcome.Target),
            });
            printer.Json(new JsonObject
            {
                ["target"] = outcome.Target.ToString(),
                ["contacts"] = new JsonArray([.. contacts]),
                ["lookup"] = LookupText.ToJson(outcome),
            });
        }
        else if (outcome.Closest.Count > 0)
        {
            printer.Table(["Id", "Address", "Shared bits"], [.. outcome.Closest.Select(contact => new[]
            {
                contact.Id.ToString(),
                contact.Endpoint.ToString(),
                contact.Id.CommonPrefixLength(outcome.Target).ToString(CultureInfo.InvariantCulture),
            })]);
        }

        if (outcome.Closest.Count == 0)
        {
            printer.Note($"No node was found: {LookupText.Describe(outcome)}");
        }
    }
}
