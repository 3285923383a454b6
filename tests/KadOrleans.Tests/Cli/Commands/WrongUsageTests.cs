namespace KadOrleans.Tests.Cli;

public sealed class WrongUsageTests
{
    private const string Via = "--via 127.0.0.1:9";

    /// <summary>A command line, and what the sentence must have: the argument, the value, what is allowed.</summary>
    public static TheoryData<string, string[]> Mistakes => new()
    {
        { "", ["command", "'kad --help'"] },
        { "nod", ["'nod'", "did you mean 'node'?"] },
        { "frobnicate", ["'frobnicate'", "not a known command of 'kad'", "'kad --help'"] },
        { "state exprt", ["'exprt'", "'kad state'", "did you mean 'export'?"] },
        { "get k --vai 127.0.0.1:9", ["'--vai'", "did you mean '--via'?"] },
        { "node --frobnicate", ["'--frobnicate'", "not a known option of 'kad node'", "'kad node --help'"] },
        { "node --listen localhost:1", ["--listen", "'localhost:1'", "IP:PORT"] },
        { "node --listen 224.0.0.1:1 --in-memory", ["224.0.0.1:1", "interface"] },
        { "node --listen 127.0.0.1:7 --listen 127.0.0.1:7 --in-memory", ["--listen has 127.0.0.1:7 beside 127.0.0.1:7; ", "once"] },
        { "node --bootstrap nowhere", ["--bootstrap", "'nowhere'", "HOST:PORT"] },
        { "node --bootstrap no_such/host:8468", ["--bootstrap", "'no_such/host:8468'", "HOST:PORT"] },
        { "node --http-tokens missing.json --in-memory", ["--http-tokens 'missing.json' is given without --http; both are needed."] },
        { "node --http 0 --http-connections 15 --in-memory", ["--http-connections is '15'; "] },
        { "node --id xyz", ["--id", "'xyz'", "40 hexadecimal digits"] },
        { "node --trust 10.0.0.0/99", ["--trust", "'10.0.0.0/99'", "10.0.0.0/8"] },
        { "node --walk-interval 86401", ["--walk-interval", "'86401'", "86400"] },
        { "node --walk-interval 5m", ["--walk-interval is '5m'; a whole number of seconds is needed, 1 to 86400; 0 turns them off."] },
        { "node --max-keys 2147483648", ["--max-keys", "'2147483648'", "0 to 2147483647"] },
        { "node --max-bytes 1.5", ["--max-bytes", "'1.5'", "a whole number of bytes is needed, 0 or more."] },
        { "node --cache -1", ["--cache", "'-1'", "0 to"] },
        { "node --in-memory --cache 1000", ["--cache '1000'", "--in-memory", "one of them"] },
        { "node --cache 1000000000000000", ["--cache", "'1000000000000000'", "bytes of memory"] },
        { "node --upload-per-endpoint 16383", ["--upload-per-endpoint", "'16383'", "16384 to 1000000000000; 0 means no bound."] },
        { "node --data d --in-memory", ["--data", "'d'", "--in-memory"] },
        { "node --http 70000", ["--http", "'70000'", "65535"] },
        { "node --http somewhere", ["--http", "'somewhere'", "IP:PORT"] },
        { "node --http-host kad.example.org", ["--http-host", "'kad.example.org'", "--http"] },
        { "node --http 0 --http-host a --http-host http://b", ["--http-host", "'http://b'", "host names", "kad.example.org"] },
        { "node --otlp ftp://collector", ["--otlp", "'ftp://collector'", "https://"] },
        { "node --otlp http://me:secret@collector", ["--otlp", "OTEL_EXPORTER_OTLP_HEADERS"] },
        { "node extra", ["extra"] },
        { "ping", ["ping"] },
        { "ping --jsn", ["'--jsn'", "'--json'"] },
        { "ping --via 127.0.0.1:9", ["'--via' is not a known option of 'kad ping'"] },
        { "set k --value hello --via 127.0.0.1:9", ["'--value' is not a known option of 'kad set'"] },
        { "delete k", ["'delete' is not a known command of 'kad'; did you mean 'admin delete'?"] },
        { "ping 127.0.0.1", ["HOST:PORT", "'127.0.0.1'"] },
        { "ping 127.0.0.1:0", ["'0'", "1 to 65535"] },
        { "ping a..b:80", ["HOST:PORT", "'a..b:80'"] },
        { "get stra\ufffde --via 127.0.0.1:9", ["'stra\ufffde'", "not UTF-8 text", "--type bytes"] },
        { "get k", ["--via"] },
        { $"get {Via}", ["KEY", "--digest"] },
        { $"get k --digest 00 {Via}", ["'k'", "'00'", "one of them"] },
        { $"get --digest 00 {Via}", ["--digest", "'00'", "40 hexadecimal digits"] },
        { $"get k more {Via}", ["more"] },
        { $"set k v --type text {Via}", ["--type", "'text'", "string, int, float, bool or bytes"] },
        { $"set k v --life 0 {Via}", ["--life is '0'; a whole number of seconds is needed, 1 to 31536000."] },
        { $"set k -9223372036854775809 --type int {Via}", ["'-9223372036854775809'", "-9223372036854775808"] },
        { $"set k yes --type bool {Via}", ["'yes'", "true or false"] },
        { $"set key --type int -- -7 {Via}", ["'--via'", "behind '--'", "before it"] },
        { "crawl", ["--via", "HOST:PORT"] },
        { $"crawl {Via} --rate 0", ["--rate", "'0'", "1 to 10000"] },
        { $"crawl {Via} --concurrency 1001", ["--concurrency", "'1001'", "1 to 1000"] },
        { $"crawl {Via} --max-nodes 0", ["--max-nodes", "'0'", "1 to 2000000"] },
        { $"crawl {Via} --format xml", ["--format", "'xml'", "jsonl or csv"] },
        { $"crawl {Via} --output no/such/folder/x", ["--output", "'no/such/folder/x'", "does not exist"] },
        { $"crawl {Via} --output /proc/x", ["--output", "'/proc/x'", "cannot be written"] },
        { $"crawl {Via} --svg no/such/folder/x", ["--svg", "'no/such/folder/x'", "does not exist"] },
        { $"crawl {Via} --resume no/such/folder/x", ["--resume", "'no/such/folder/x'", "does not exist"] },
        { $"size {Via} --lookups 7", ["--lookups", "'7'", "8 to 1000"] },
        { "state", ["command"] },
        { "state export - --data no/such/folder", ["--data", "'no/such/folder'", "kad.db"] },
        { $"set k v --file f {Via}", ["VALUE 'v'", "--file 'f'", "one of them"] },
        { $"set k --file no/such/file {Via}", ["--file", "'no/such/file'"] },
        { "ping @no-such-file", ["'@no-such-file'", "HOST:PORT"] },
        { "state import no/such/file --data no/such/folder", ["FILE", "'no/such/file'"] },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_named_and_ends_with_2(string commandLine, string[] words)
    {
        var run = await KadRun.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.All(words, word => Assert.Contains(word, run.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.Empty(run.Output);
    }

    [Fact]
    public Task With_json_a_mistake_is_one_object() => FailInOneObjectAsync(
        ExitCode.WrongUsage,
        "wrongUsage",
        "get k --via nowhere", $"set k 1.5 --type int {Via}", "ping a..b:80", "stun a", $"find-node 12 {Via}",
        $"crawl {Via} --output -", $"size {Via} --lookups 7", "state export - --data no/such/folder", "state export f --data no/such/folder",
        "state import no/such/file", "get k --frobnicate", "ping");

    [Fact]
    public Task With_json_silence_is_one_object() => FailInOneObjectAsync(
        ExitCode.Unreachable,
        "unreachable",
        $"set k v {Via}", $"get k {Via}", "ping 127.0.0.1:9", "ping no-such-host.invalid:80", "stun 127.0.0.1:9", $"crawl {Via}", $"size {Via}", $"find-node {NodeId.MaxValue} {Via}");

    // All at once, as some wait for their timeouts.
    private static Task FailInOneObjectAsync(int exitCode, string code, params string[] lines) => Task.WhenAll(lines.Select(async line =>
    {
        var run = await KadRun.RunAsync([.. line.Split(' '), "--json"]);

        Assert.Equal((line, exitCode, code), (line, run.ExitCode, (string?)run.Json["error"]!["code"]));
        Assert.Single(run.Output.TrimEnd().Split('\n'));
        Assert.Equal(run.Error.TrimEnd().Split(Environment.NewLine)[^1], (string?)run.Json["error"]!["message"]);
    }));

    [Fact]
    public async Task A_value_that_is_too_long_is_refused_with_both_lengths()
    {
        var value = new string('x', StoreRules.MaxContentLength + 1);
        await KadRun.FailAsync(ExitCode.WrongUsage, "VALUE is 8138 bytes long; at most 8137 bytes are allowed.", "set", "k", value, "--via", "127.0.0.1:9");
    }
}
