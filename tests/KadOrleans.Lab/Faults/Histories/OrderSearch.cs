namespace KadOrleans.Lab;

/// <summary>
/// A depth-first search for an order. What changes nothing is put into the order as soon as it may be, as it can never be better later. A value that is
/// still to be seen is not replaced, as it does not come back.
/// </summary>
internal sealed class OrderSearch
{
    private readonly HashSet<ulong[]> _visited = new(new WordsComparer());
    private readonly List<Step> _order = [];
    private readonly Stack<Fork> _forks = new();
    private readonly PreparedHistory _history;
    private readonly int _maxPlaces;
    private readonly bool[] _isDone;
    private readonly int[] _used;
    private readonly Dictionary<int, int> _toBeSeen;
    private readonly Dictionary<Operation, int> _places;

    // The second times that have an end, and where the first ones are.
    private readonly List<(int Group, int Place, TimeSpan End)> _ending;
    private RegisterState _state;
    private int _first;
    private int _left;

    // The latest begin of what is done.
    private TimeSpan _latest = TimeSpan.MinValue;

    // Nothing from here on was ever done.
    private int _beyond;

    public OrderSearch(PreparedHistory history, int maxPlaces)
    {
        (_history, _maxPlaces) = (history, maxPlaces);
        _isDone = new bool[history.Required.Count];
        _used = new int[history.Groups.Count];
        _toBeSeen = new Dictionary<int, int>(history.Seen);
        _places = history.Required.Index().Where(one => history.Repeats.ContainsKey(one.Item.Operation.Value) && one.Item.Operation.MayRepeat)
            .ToDictionary(one => one.Item.Operation, one => one.Index, PreparedHistory.ByReference);
        _ending = [.. _places.Where(place => place.Key.Outcome != OperationOutcome.Unclear)
            .Select(place => (history.Repeats[place.Key.Value], place.Value, place.Key.End!.Value))];
        _left = _isDone.Length;
    }

    private enum StepKind
    {
        Required,
        OfGroup,
    }

    public HistoryVerdict Run()
    {
        while (true)
        {
            var soonest = DoWhatChangesNothing();
            if (_left == 0)
            {
                return HistoryVerdict.Holds;
            }

            if (_visited.Count >= _maxPlaces)
            {
                return HistoryVerdict.Undecided;
            }

            if (_visited.Add(Place()))
            {
                _forks.Push(new Fork(_order.Count, Choices(soonest)));
            }

            if (!TakeNext())
            {
                return HistoryVerdict.Contradicts;
            }
        }
    }

    // The next choice of the last fork that has one.
    private bool TakeNext()
    {
        while (_forks.TryPeek(out var fork))
        {
            while (_order.Count > fork.Length)
            {
                Undo();
            }

            if (fork.Choices.TryDequeue(out var choice))
            {
                Do(choice.Kind, choice.Index, choice.State);
                return true;
            }

            _forks.Pop();
        }

        return false;
    }

    // Returns the soonest end of what is left: nothing that began later can be next.
    private TimeSpan DoWhatChangesNothing()
    {
        while (true)
        {
            var soonest = SoonestEnd();
            var before = _left;
            foreach (var i in Candidates(soonest))
            {
                var one = _history.Required[i].Operation;
                if (one.ChangesNothing && _state.After(one) is not null && !ShutsOut(_history.Required[i].Begin))
                {
                    Do(StepKind.Required, i, _state);
                }
            }

            if (_left == before)
            {
                return soonest;
            }
        }
    }

    private Queue<Step> Choices(TimeSpan soonest)
    {
        var isFree = _toBeSeen.GetValueOrDefault(_state.Value) == 0
            || (_history.Repeats.TryGetValue(_state.Value, out var repeat) && _used[repeat] == 0);
        var choices = new Queue<Step>();
        foreach (var i in Candidates(soonest).OrderBy(i => _history.Required[i].End))
        {
            if (_state.After(_history.Required[i].Operation) is { } after
                && (isFree || after.Value == _state.Value || (_history.Required[i].Sees == _state.Value && _toBeSeen[_state.Value] == 1)))
            {
                choices.Enqueue(new Step(StepKind.Required, i, after, _latest));
            }
        }

        foreach (var group in _history.AnyTime.Concat(_history.ByExpected[_state.Value]))
        {
            var members = _history.Groups[group];
            if (_used[group] < members.Count
                && members[_used[group]].Begin <= soonest
                && MayHappen(group, members[0])
                && _state.After(members[_used[group]]) is { } after
                && after != _state
                && (isFree || after.Value == _state.Value))
            {
                choices.Enqueue(new Step(StepKind.OfGroup, group, after, _latest));
            }
        }

        return choices;
    }

    // A second time only after the first one, and before what began after its end.
    private bool MayHappen(int group, Operation one) =>
        !_history.Repeats.TryGetValue(one.Value, out var repeat)
        || repeat != group
        || (_isDone[_places[one]] && (one.Outcome == OperationOutcome.Unclear || _latest <= one.End));

    // Whether a second time that may come now could not come after what began then.
    private bool ShutsOut(TimeSpan begin) => _ending.Exists(repeat =>
        _used[repeat.Group] == 0 && _latest <= repeat.End && repeat.End < begin && _isDone[repeat.Place]);

    private TimeSpan SoonestEnd()
    {
        while (_first < _isDone.Length && _isDone[_first])
        {
            _first++;
        }

        var soonest = TimeSpan.MaxValue;
        for (var i = _first; i < _isDone.Length && _history.Required[i].Begin <= soonest; i++)
        {
            soonest = !_isDone[i] && _history.Required[i].End < soonest ? _history.Required[i].End : soonest;
        }

        return soonest;
    }

    private IEnumerable<int> Candidates(TimeSpan soonest)
    {
        for (var i = _first; i < _isDone.Length && _history.Required[i].Begin <= soonest; i++)
        {
            if (!_isDone[i])
            {
                yield return i;
            }
        }
    }

    private void Do(StepKind kind, int index, RegisterState after)
    {
        _order.Add(new Step(kind, index, _state, _latest));
        _state = after;
        var begin = kind == StepKind.Required ? _history.Required[index].Begin : _history.Groups[index][_used[index]].Begin;
        _latest = begin > _latest ? begin : _latest;
        if (kind == StepKind.OfGroup)
        {
            _used[index]++;
            return;
        }

        _isDone[index] = true;
        _beyond = Math.Max(_beyond, index + 1);
        _left--;
        See(index, -1);
    }

    private void Undo()
    {
        var (kind, index, before, latest) = _order[^1];
        _order.RemoveAt(_order.Count - 1);
        (_state, _latest) = (before, latest);
        if (kind == StepKind.OfGroup)
        {
            _used[index]--;
            return;
        }

        _isDone[index] = false;
        _left++;
        _first = Math.Min(_first, index);
        See(index, 1);
    }

    private void See(int index, int change)
    {
        if (_history.Required[index].Sees is var value and not 0)
        {
            _toBeSeen[value] += change;
        }
    }

    // What was done, and the state: the first that is not done, those done after it, how many of each group.
    private ulong[] Place()
    {
        var words = new List<ulong> { (ulong)_first, ((ulong)_state.Value << 1) | (_state.IsPublished ? 1UL : 0), (ulong)_state.Seq };
        for (var group = 0; group < _used.Length; group++)
        {
            if (_used[group] > 0)
            {
                words.Add(((ulong)group << 32) | (uint)_used[group]);
            }
        }

        // No group has this number.
        words.Add(ulong.MaxValue);
        for (var start = _first; start < _beyond; start += 64)
        {
            var word = 0UL;
            for (var i = start; i < Math.Min(start + 64, _beyond); i++)
            {
                word |= _isDone[i] ? 1UL << (i - start) : 0;
            }

            words.Add(word);
        }

        while (words[^1] == 0)
        {
            words.RemoveAt(words.Count - 1);
        }

        return [.. words];
    }

    private readonly record struct Step(StepKind Kind, int Index, RegisterState State, TimeSpan Latest);

    private sealed record Fork(int Length, Queue<Step> Choices);

    private sealed class WordsComparer : IEqualityComparer<ulong[]>
    {
        public bool Equals(ulong[]? x, ulong[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(ulong[] words)
        {
            var hash = default(HashCode);
            foreach (var word in words)
            {
                hash.Add(word);
            }

            return hash.ToHashCode();
        }
    }
}
