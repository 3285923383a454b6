namespace KadOrleans.Tests.Cli;

public sealed class SetFromFileTests(RunningNode node) : FolderTests, IClassFixture<RunningNode>
{
    [Fact]
    public async Task Bytes_and_text_of_a_file_are_stored_as_they_are_and_the_standard_input_as_it_is_typed()
    {
        byte[] content = [0, 255, 10, 13, 0];
        Assert.Equal(ExitCode.Done, (await SetAsync("raw", content, "--type", "bytes")).ExitCode);
        Assert.Equal(content, (await node.DoneAsync("get", "raw", "--raw")).OutputBytes);
        Assert.Equal(ExitCode.Done, (await SetAsync("text", "grüße\r\n"u8.ToArray())).ExitCode);
        Assert.Equal("grüße\r\n", await node.GetAsync("text"));
        var set = await KadRun.RunAsync("42\n"u8.ToArray(), false, ["set", "number", "--type", "int", "--file", "-", "--via", node.Address]);
        Assert.Equal(ExitCode.Done, set.ExitCode);
        Assert.Equal("42\n", await node.GetAsync("number"));
    }

    [Fact]
    public async Task A_file_of_the_longest_value_is_stored_and_one_byte_more_is_refused()
    {
        var longest = new byte[StoreRules.MaxContentLength];
        Assert.Equal(ExitCode.Done, (await SetAsync("longest", longest, "--type", "bytes")).ExitCode);

        var refused = await SetAsync("longer", [.. longest, 0], "--type", "bytes");
        Assert.Equal(
            (ExitCode.WrongUsage, $"--file: '{Path.Combine(Folder, "value")}' is longer than 8137 bytes, which a value may have at most."),
            (refused.ExitCode, refused.Error.Trim()));
    }

    [Fact]
    public async Task A_file_that_is_no_text_needs_the_type_bytes()
    {
        var run = await SetAsync("picture", [0x89, 0x50, 0xff]);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains("is not UTF-8 text; store it with --type bytes.", run.Error, StringComparison.Ordinal);
    }

    private async Task<KadRun> SetAsync(string key, byte[] content, params string[] options)
    {
        await File.WriteAllBytesAsync(Path.Combine(Folder, "value"), content, TestContext.Current.CancellationToken);
        return await KadRun.RunAsync(["set", key, "--file", Path.Combine(Folder, "value"), "--via", node.Address, .. options]);
    }
}
