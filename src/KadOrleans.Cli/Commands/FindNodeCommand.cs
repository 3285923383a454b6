namespace KadOrleans.Cli;

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
        }.With(target, via, json);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            io, Keys.ParseId("HEX", parsed.GetValue(target)!), parsed.GetValue(via)!, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandIo io, NodeId target, string[] via, bool json, CancellationToken cancellationToken)
    {
        var outcome = await new NetworkSession(io, json).RunJudgedAsync(
            via,
            "Looking for the nearest nodes…",
            engine => engine.FindNodeAsync(target, cancellationToken),
            static (found, judge) => judge(found),
            static found => found.Closest.Count > 0 ? found : null,
            cancellationToken);
        return Print(new ResultPrinter(io, json), outcome);
    }

    private static int Print(ResultPrinter printer, LookupOutcome outcome)
    {
        if (outcome.Closest.Count == 0)
        {
            return printer.Fail(LookupText.ExitCodeOf(outcome), $"No node was found: {LookupText.Describe(outcome)}", ToJson(outcome));
        }

        if (printer.IsJson)
        {
            printer.Json(ToJson(outcome));
        }
        else
        {
            printer.Table(["Id", "Address", "Shared bits"], [.. outcome.Closest.Select(contact => new[]
            {
                contact.Id.ToString(),
                contact.Endpoint.ToString(),
                contact.Id.CommonPrefixLength(outcome.Target).ToString(CultureInfo.InvariantCulture),
            })]);
        }

        return ExitCode.Done;
    }

    private static JsonObject ToJson(LookupOutcome outcome) => new()
    {
        ["target"] = outcome.Target.ToString(),
        ["contacts"] = new JsonArray([.. outcome.Closest.Select(JsonNode? (contact) => new JsonObject
        {
            ["id"] = contact.Id.ToString(),
            ["endpoint"] = contact.Endpoint.ToString(),
            ["sharedPrefixBits"] = contact.Id.CommonPrefixLength(outcome.Target),
        })]),
        ["lookup"] = LookupText.ToJson(outcome),
    };
}
