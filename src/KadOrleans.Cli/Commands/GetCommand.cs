namespace KadOrleans.Cli;

internal static class GetCommand
{
    public static Command Create(CommandIo io)
    {
        var (key, raw, via) = (new KeyArgument(), CommonOptions.Raw(), new ViaOption());
        var verbose = new Option<bool>("--verbose") { Description = "Say after a miss how the lookup went." };
        return new ExampleCommand("get", "Find the value of a key.")
        {
            Examples =
            [
                "kad get greeting --via 127.0.0.1:8468",
                "kad get picture --raw --via 127.0.0.1:8468 > picture.png",
                "kad get --digest 356a192b7913b04c54574d18c28d46e6395428ab --via [::1]:8468 --json",
            ],
            Notes = $"{ResultPrinter.ValueNotes} On a terminal, and wherever holders have another value, the standard error output says how many agree on this one.",
        }.With(key.Key, key.Digest, raw, verbose, via).Runs(async (parsed, json, cancellationToken) =>
        {
            var requested = key.Read(parsed);
            var result = await new NetworkSession(io, json).RunJudgedAsync(
                via.Read(parsed),
                "Looking for the value…",
                engine => engine.GetAsync(requested.Digest, cancellationToken),
                static (got, judge) => got.Lookup is { } lookup ? got with { Lookup = judge(lookup) } : got,
                static got => got.Found ? got.Lookup : null,
                cancellationToken);
            return Print(io, new ResultPrinter(io, json), requested, result, parsed.GetValue(raw), isLong: json || parsed.GetValue(verbose));
        });
    }

    private static int Print(CommandIo io, ResultPrinter printer, RequestedKey key, GetResult result, bool raw, bool isLong)
    {
        if (result.Value is not { } value)
        {
            var how = result.Lookup is { } lookup ? LookupText.DescribeMiss(lookup, isLong) : ": no lookup was made.";
            return printer.Fail(
                LookupText.ExitCodeOf(result.Lookup),
                $"Not found: {key}{how}{(Keys.HintOf(key) is { } hint ? $" {hint}" : string.Empty)}",
                ResultJson.Of(new { result.Found, Key = key.Text, Digest = $"{key.Digest}", Lookup = LookupSummary.Of(result.Lookup) }));
        }

        return printer.Print(ResultJson.Of(KeyResult.Of(key, value, result)), () =>
        {
            printer.Value(DhtValueText.TypeName(value.Kind), value.ToString(), raw);
            if (result.Lookup is { } found && (found.Differed > 0 || io.IsErrorTerminal))
            {
                io.Say(LookupText.DescribeVote(found));
            }
        });
    }
}
