namespace KadOrleans.Cli;

internal static class SetCommand
{
    // The protocol has a yes or a no.
    private const string WhyRejected = " A contact does not say why: its store may be full, or this address or its subnet may have its share there"
        + " ('kad admin limits' of that node or cluster shows both), or the key has a value of another author, or a signed item, which its owner alone replaces.";

    public static Command Create(CommandIo io)
    {
        var value = new ValueArguments($"How long the value lives, 1 to {StoreRules.MaxLifeSeconds}; a week by default. It replaces what strangers stored and what ends sooner.");
        var via = new ViaOption();
        return new ExampleCommand(
            "set",
            "Store a value on the nodes nearest to its key. It lives there for a week by default; this command does not publish it again.")
        {
            Examples =
            [
                "kad set greeting hello --via 127.0.0.1:8468",
                "kad set answer 42 --type int --via node.example.org:8468 --json",
                "kad set session token --life 3600 --via 127.0.0.1:8468",
                "kad set picture --type bytes --file picture.png --via 127.0.0.1:8468",
                "date | kad set now --file - --via 127.0.0.1:8468",
                "kad set --type int --via 127.0.0.1:8468 --digest 356a192b7913b04c54574d18c28d46e6395428ab -- -7",
            ],
        }.With([.. value.All, via]).Runs(async (parsed, json, cancellationToken) =>
        {
            var (key, given, life) = await value.ReadAsync(parsed, io, cancellationToken);
            var result = await new NetworkSession(io, json).RunJudgedAsync(
                via.Read(parsed),
                "Storing the value…",
                engine => StoreAsync(engine.SetAsync(key.Digest, given, life, cancellationToken)),
                static (set, judge) => set.Lookup is { } lookup ? set with { Lookup = judge(lookup) } : set,
                static set => set.Succeeded ? set.Lookup : null,
                cancellationToken);
            return Print(new ResultPrinter(io, json), key, given, result);
        });
    }

    /// <summary>Awaits a set; says of one that is interrupted that it may be done in part.</summary>
    public static async Task<SetResult> StoreAsync(Task<SetResult> storing)
    {
        try
        {
            return await storing;
        }
        catch (OperationCanceledException)
        {
            throw CommandException.Failed("Interrupted: some nodes may have stored the value, or will.");
        }
    }

    private static int Print(ResultPrinter printer, RequestedKey key, DhtValue value, SetResult result)
    {
        var (type, lookup) = (DhtValueText.TypeName(value.Kind), LookupSummary.Of(result.Lookup));
        var digest = key.Digest.ToString();
        var json = ResultJson.Of(new { result.Stored, result.Refused, result.Failed, Key = key.Text, digest, type, lookup });
        return Print(printer, digest, "value", WhyRejected, json, result);
    }

    /// <summary>Prints what became of the copies of what was stored.</summary>
    public static int Print(ResultPrinter printer, string what, string noun, string whyRejected, JsonObject json, SetResult result)
    {
        var outcome = $"contacts that stored the {noun}: {result.Stored}, rejected it: {result.Refused}, did not answer: {result.Failed}";
        if (!result.Succeeded)
        {
            return printer.Fail(
                LookupText.ExitCodeOf(result.Lookup),
                $"Not stored: {outcome}{(result.Lookup is { } failed ? $"; {LookupText.Describe(failed)}" : ".")}"
                + (result.Refused > 0 ? whyRejected : string.Empty),
                json);
        }

        return printer.Print(json, $"stored {what}: {outcome}");
    }
}
