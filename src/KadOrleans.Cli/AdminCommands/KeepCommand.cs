namespace KadOrleans.Cli;

/// <summary><c>kad admin keep</c>: has a node or cluster keep an owner's item, without his key.</summary>
internal static class KeepCommand
{
    public static Command Create(CommandIo io)
    {
        var owner = new Argument<string>("OWNER") { Description = "The owner's public key in 64 hexadecimal digits, or the key of any item in 40." };
        var (salt, until) = (new SaltOptions(), CommonOptions.Text("--until", "DATE", "Until when, such as 2030-01-31 or 2030-01-31T12:00:00Z (UTC)."));
        var end = new Option<bool>("--end") { Description = "Keep it no longer, and end its publication from there: it lives as any other value then." };
        return ApiCommand.Create(
            io,
            new ExampleCommand("keep", "Keep an owner's item until a date, and each newer one that he signs: it is found in the network, and sent again each hour.")
            {
                Examples =
                [
                    .. ApiCommand.Examples("keep 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29 --salt shop --until 2030-01-31"),
                    "kad admin keep 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29 --salt shop --end --data kad-data",
                ],
                Notes = "The token needs the scopes read, write and keep, and with --end view and write. The limit keptKeys says how many items are kept at most.",
            }.With([owner, .. salt.All, until, end]),
            async (parsed, client, cancellationToken) =>
            {
                var (date, ends) = (parsed.GetValue(until), parsed.GetValue(end));
                if (date is null == !ends)
                {
                    throw CommandException.WrongUsage(
                        ends ? $"Both --until '{date}' and --end are given; one of them is needed." : "No date is given; --until DATE, or --end, is needed.");
                }

                var key = salt.ReadKey(parsed.GetValue(owner)!, parsed);
                if (ends)
                {
                    // Without this the publication of an ordinary value would end.
                    var shown = await client.SendAsync(ApiRequest.Get($"/v1/admin/keys/{key}?as=digest"), cancellationToken);
                    if (shown.Text("held.keptUntil").Length == 0)
                    {
                        throw CommandException.Failed($"The item {key} is not kept here.");
                    }

                    await client.SendAsync(new ApiRequest(HttpMethod.Delete, $"/v1/keys/{key}?as=digest"), cancellationToken);
                    return new JsonObject { ["item"] = new JsonObject { ["digest"] = $"{key}" }, ["keptUntil"] = null };
                }

                if (KeepTime.FindProblem(until.Name, date!, out _) is { } problem)
                {
                    throw CommandException.WrongUsage(problem);
                }

                var found = await client.SendAsync(new ApiRequest(HttpMethod.Get, $"/v1/items/{key}"), cancellationToken);
                return await client.SendAsync(
                    new ApiRequest(HttpMethod.Put, $"/v1/items{ApiRequest.QueryOf(("keep", date))}", found["item"]!.AsObject()), cancellationToken);
            },
            static (printer, result) => printer.Line(result["keptUntil"] is { } time
                ? $"The item {result.Text("item.digest")}{NumberOf(result)}{EndOf(result)} is kept until {time}, and on {result["put"].Count("stored", "other node")} now."
                : $"The item {result.Text("item.digest")}{NumberOf(result)} is kept no longer."));
    }

    private static string NumberOf(JsonObject result) => result.Text("item.seq") is { Length: > 0 } seq ? $" with the number {seq}" : string.Empty;

    private static string EndOf(JsonObject result) =>
        result.IsTrue("item.isEnd") ? ", the end of its owner's value," : string.Empty;
}
