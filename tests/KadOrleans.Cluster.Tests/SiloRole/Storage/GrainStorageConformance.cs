namespace KadOrleans.Cluster.Tests.SiloRole;

public abstract class GrainStorageConformance
{
    private readonly GrainId _grain = Samples.Grain();

    protected abstract IGrainStorage Storage { get; }

    /// <summary>The bytes of a large state that the storage takes.</summary>
    protected virtual int LargeState => 2 << 20;

    [Fact]
    public async Task A_written_state_is_read_back_as_it_was_however_large()
    {
        var written = Samples.State("hello");
        written.State!.Bytes = new byte[LargeState];
        new Random(7).NextBytes(written.State.Bytes);
        await Storage.WriteStateAsync(Samples.Name, _grain, written);

        var read = await Storage.ReadAsync(_grain);

        Assert.NotNull(written.ETag);
        Assert.Equal((true, true, written.ETag), (written.RecordExists, read.RecordExists, read.ETag));
        Assert.Equal("hello", read.State!.Text);
        Assert.Equal(written.State.Bytes, read.State.Bytes);
    }

    [Fact]
    public async Task A_state_that_was_never_written_is_new_and_has_no_ETag()
    {
        var read = new GrainState<SampleState>(new SampleState { Text = "from before" });
        await Storage.ReadStateAsync(Samples.Name, _grain, read);

        Assert.False(read.RecordExists);
        Assert.Null(read.ETag);
        Assert.Equal("new", read.State!.Text);
    }

    [Fact]
    public async Task Each_write_has_an_ETag_of_its_own_and_the_next_one_builds_on_it()
    {
        var state = await Storage.WriteAsync(_grain, "0");
        var tags = new HashSet<string> { state.ETag! };
        for (var i = 1; i < 20; i++)
        {
            state.State!.Text = $"{i}";
            await Storage.WriteStateAsync(Samples.Name, _grain, state);
            Assert.True(tags.Add(state.ETag!));
        }

        Assert.Equal("19", (await Storage.ReadAsync(_grain)).State!.Text);
    }

    [Fact]
    public async Task A_write_with_a_stale_ETag_is_refused_and_changes_nothing()
    {
        var first = await Storage.WriteAsync(_grain, "first");
        var second = Samples.State("second", first.ETag);
        await Storage.WriteStateAsync(Samples.Name, _grain, second);

        var stale = Samples.State("stale", first.ETag);
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => Storage.WriteStateAsync(Samples.Name, _grain, stale));

        Assert.Equal(first.ETag, stale.ETag);
        var read = await Storage.ReadAsync(_grain);
        Assert.Equal(("second", second.ETag), (read.State!.Text, read.ETag));
    }

    [Fact]
    public async Task Of_two_first_writes_the_second_is_refused()
    {
        await Storage.WriteAsync(_grain, "first");

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => Storage.WriteAsync(_grain, "second"));

        Assert.Equal("first", (await Storage.ReadAsync(_grain)).State!.Text);
    }

    [Fact]
    public async Task A_cleared_state_is_gone_and_can_be_written_anew()
    {
        var state = await Storage.WriteAsync(_grain, "hello");

        await Storage.ClearStateAsync(Samples.Name, _grain, state);

        Assert.False(state.RecordExists);
        Assert.Equal("new", state.State!.Text);
        Assert.False((await Storage.ReadAsync(_grain)).RecordExists);
        state.State!.Text = "again";
        await Storage.WriteStateAsync(Samples.Name, _grain, state);
        Assert.Equal("again", (await Storage.ReadAsync(_grain)).State!.Text);
    }

    [Fact]
    public async Task Clearing_with_a_stale_ETag_is_refused_and_clears_nothing()
    {
        var first = await Storage.WriteAsync(_grain, "first");
        await Storage.WriteStateAsync(Samples.Name, _grain, Samples.State("second", first.ETag));

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => Storage.ClearStateAsync(Samples.Name, _grain, first));

        Assert.Equal("second", (await Storage.ReadAsync(_grain)).State!.Text);
    }

    [Fact]
    public async Task A_writer_from_before_a_clearing_is_refused()
    {
        var old = await Storage.WriteAsync(_grain, "old");
        var cleared = Samples.State("old", old.ETag);
        await Storage.ClearStateAsync(Samples.Name, _grain, cleared);
        await Storage.WriteStateAsync(Samples.Name, _grain, Samples.State("new life", cleared.ETag));

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => Storage.WriteStateAsync(Samples.Name, _grain, old));

        Assert.Equal("new life", (await Storage.ReadAsync(_grain)).State!.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_writers_at_once_exactly_one_wins_and_the_state_can_be_read(bool isWritten)
    {
        var etag = isWritten ? (await Storage.WriteAsync(_grain, "first")).ETag : null;
        var writers = Enumerable.Range(0, 16).Select(i => Samples.State($"{i}", etag)).ToList();

        var failures = await Task.WhenAll(writers.Select(
            state => Record.ExceptionAsync(() => Storage.WriteStateAsync(Samples.Name, _grain, state)).AsTask()));

        Assert.All(failures, failure => Assert.True(failure is null or InconsistentStateException || !isWritten, failure?.ToString()));
        var winner = writers[Assert.Single(Enumerable.Range(0, 16), i => failures[i] is null)];
        var read = await Storage.ReadAsync(_grain);
        Assert.Equal((winner.State!.Text, winner.ETag), (read.State!.Text, read.ETag));
    }

    [Fact]
    public async Task States_of_one_grain_and_grains_of_one_state_share_nothing()
    {
        var other = Samples.Grain();
        await Storage.WriteAsync(_grain, "one", "first");
        await Storage.WriteAsync(_grain, "two", "second");
        var three = await Storage.WriteAsync(other, "three", "first");
        await Storage.ClearStateAsync("first", other, three);

        Assert.Equal("one", (await Storage.ReadAsync(_grain, "first")).State!.Text);
        Assert.Equal("two", (await Storage.ReadAsync(_grain, "second")).State!.Text);
        Assert.False((await Storage.ReadAsync(other, "first")).RecordExists);
    }
}
