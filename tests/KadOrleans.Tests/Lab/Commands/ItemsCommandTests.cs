namespace KadOrleans.Tests.Lab;

/// <summary>libtorrent's node takes this project's items, and gives them back as they were: the table of docs/signed.md.</summary>
public sealed class ItemsCommandTests
{
    private const string Interpreter = "/usr/bin/python3";

    private static readonly (string Put, string Answer, string Held)[] Expected =
    [
        ("seq 5 under the condition 7, where nothing is held", "stored", "seq 5, 3:one"),
        ("the same again", "stored", "seq 5, 3:one"),
        ("seq 5, another value", "stored", "seq 5, 3:one"),
        ("seq 4", "error 302", "seq 5, 3:one"),
        ("seq 6 under the condition 4", "error 301", "seq 5, 3:one"),
        ("seq 6 under the condition 5", "stored", "seq 6, 3:two"),
        ("the same again under the condition 5", "error 301", "seq 6, 3:two"),
        ("seq 4 under the condition 4", "error 301", "seq 6, 3:two"),
        ("seq 7 without bytes", "stored", "seq 7, 0:"),
        ("seq -1", "error 203", "nothing"),
        ("seq 2^63 - 1", "stored", "seq 9223372036854775807, 3:one"),
        ("a salt of 64 bytes", "stored", "seq 1, 3:one"),
        ("a salt of 65 bytes", "error 207", "nothing"),
        ("a value of 1,000 bytes", "stored", "seq 1, 1000 bytes"),
        ("a value of 1,001 bytes", "error 205", "nothing"),
        ("keys not in order", "error 203", "nothing"),
        ("7 lists within one another", "stored", "seq 1, llllllleeeeeee"),
        ("a signature of zeros", "error 206", "nothing"),
        ("an immutable item", "stored", "3:one"),
    ];

    [Fact]
    public async Task Libtorrent_takes_and_gives_back_items_of_this_project_and_refuses_what_it_is_said_to()
    {
        Assert.SkipUnless(File.Exists(Interpreter), $"{Interpreter} is missing");
        var run = await LabRun.RunAsync("items", Interpreter);
        Assert.SkipWhen(run.Error.Contains("cannot import libtorrent", StringComparison.Ordinal), "python3-libtorrent is missing");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.All(Expected, row => Assert.Contains($"| {row.Put} | {row.Answer} | {row.Held} |\n", run.Output, StringComparison.Ordinal));
    }
}
