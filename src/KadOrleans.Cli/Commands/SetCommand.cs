namespace KadOrleans.Cli;

internal static class SetCommand
{
    public static Command Create(CommandIo io)
    {
        var value = new ValueArguments($"How long the value lives, 1 to {StoreRules.MaxLifeSeconds}; a week by default. It replaces what strangers stored and what ends sooner.");
        var via = CommonOptions.Via();
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
                parsed.GetValue(via)!,
                "Storing the value…",
                engine => engine.SetAsync(key.Digest, given, life, cancellationToken),
                static (set, judge) => set.Lookup is { } lookup ? set with { Lookup = judge(lookup) } : set,
                static set => set.Succeeded ? set.Lookup : null,
                cancellationToken);
            return Print(new ResultPrinter(io, json), key, given, result);
        });
    }

    private static int Print(ResultPrinter printer, RequestedKey key, DhtValue value, SetResult result)
    {
        var outcome = $"contacts that stored the value: {result.Stored}, rejected it: {result.Refused}, did not answer: {result.Failed}";
        var (type, lookup) = (DhtValueText.TypeName(value.Kind), LookupSummary.Of(result.Lookup));
        var digest = key.Digest.ToString();
        var json = ResultJson.Of(new { result.Stored, result.Refused, result.Failed, Key = key.Text, digest, type, lookup });
        if (!result.Succeeded)
        {
            return printer.Fail(
                LookupText.ExitCodeOf(result.Lookup),
                $"Not stored: {outcome}{(result.Lookup is { } failed ? $"; {LookupText.Describe(failed)}" : ".")}",
                json);
        }

        return printer.Print(json, $"stored {key.Digest}: {outcome}");
    }
}
