namespace KadOrleans.Cli;

internal static class FindNodeCommand
{
    public static Command Create(CommandIo io)
    {
        var target = new Argument<string>("HEX") { Description = "The id: 40 hexadecimal digits." };
        var via = new ViaOption();
        return new ExampleCommand("find-node", "Find the nodes nearest to an id, nearest first.")
        {
            Examples =
            [
                "kad find-node 356a192b7913b04c54574d18c28d46e6395428ab --via 127.0.0.1:8468",
                "kad find-node 356a192b7913b04c54574d18c28d46e6395428ab --via node.example.org:8468 --json",
            ],
            Notes = "Each line has the id, the address, and how many leading bits the id shares with the target.",
        }.With(target, via).Runs(async (parsed, json, cancellationToken) =>
        {
            var id = Keys.ParseId("HEX", parsed.GetValue(target)!);
            var outcome = await new NetworkSession(io, json).RunJudgedAsync(
                via.Read(parsed),
                "Looking for the nearest nodes…",
                engine => engine.FindNodeAsync(id, cancellationToken),
                static (found, judge) => judge(found),
                static found => found.Closest.Count > 0 ? found : null,
                cancellationToken);
            var printer = new ResultPrinter(io, json);
            var result = NodesResult.Of(outcome);
            return result.Contacts.Count == 0
                ? printer.Fail(LookupText.ExitCodeOf(outcome), $"No node was found: {LookupText.Describe(outcome)}", ResultJson.Of(result))
                : printer.Print(ResultJson.Of(result), () => printer.Table(
                    ["Id", "Address", "Shared bits"],
                    [.. result.Contacts.Select(contact => new[] { contact.Id, contact.Endpoint, $"{contact.SharedPrefixBits}" })]));
        });
    }
}
