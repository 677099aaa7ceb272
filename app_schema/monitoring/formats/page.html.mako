<!DOCTYPE html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
:root {
  --paper: #f6f7f9; --card: #fff; --ink: #1b2330; --quiet: #5b6675; --line: #dfe3e8;
  --good: #1a7f4b; --warning: #9a6200; --critical: #c22f2f;
  --series-1: #2563c9; --series-2: #d97706; --series-3: #0f8f7a; --series-4: #a03fb5; --series-5: #c2410c; --series-6: #5b6675;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1b2129; --ink: #e8ecf2; --quiet: #9aa7b6; --line: #303945;
    --good: #4cc38a; --warning: #f0b04a; --critical: #ff7b72;
    --series-1: #6ea8fe; --series-2: #f0b04a; --series-3: #45c9b0; --series-4: #d38ae6; --series-5: #ff9d72; --series-6: #9aa7b6;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 24px; max-width: 1280px; background: var(--paper); color: var(--ink); line-height: 1.5; font-size: 15px;
  font-family: "Pretendard", "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", system-ui, sans-serif;
}
header { border-left: 8px solid var(--tone); padding: 4px 0 4px 16px; margin-bottom: 20px; }
h1 { margin: 0; font-size: 28px; color: var(--tone); }
h2 { font-size: 18px; margin: 0 0 4px; }
h2 small, h1 small { font-weight: 400; color: var(--quiet); font-size: .72em; margin-left: .4em; }
p { margin: 2px 0; color: var(--quiet); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin-bottom: 16px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; }
.plots section { margin: 0; }
.plots { margin-bottom: 16px; }
svg { width: 100%; height: auto; display: block; margin-top: 8px; }
.pygal-chart .axis .guide.line { stroke: var(--line) !important; stroke-dasharray: none !important; }
.pygal-chart .graph .series .line { stroke-width: 2.5 !important; }
.empty { border: 1px dashed var(--line); border-radius: 8px; margin-top: 12px; padding: 48px 0; text-align: center; }
.finding { border-top: 1px solid var(--line); padding: 10px 0; }
.finding b { color: var(--tone); }
.critical { --tone: var(--critical); } .warning { --tone: var(--warning); } .note { --tone: var(--quiet); } .good { --tone: var(--good); }
code { background: var(--paper); border: 1px solid var(--line); border-radius: 4px; padding: 1px 6px; font-size: 13px; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; width: 100%; margin-top: 8px; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--quiet); font-weight: 600; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.number { text-align: right; }
summary { cursor: pointer; }
summary h2 { display: inline; }
</style>
</head>
<body>
<header class="${tone}">
<h1>${verdict[0]}<small>${verdict[1]}</small></h1>
<p>${where}</p>
% for remark in remarks:
<p>${remark}</p>
% endfor
</header>
% if alarming:
<section>
<h2>지금 할 일<small>What to do now</small></h2>
% for finding in alarming:
<div class="finding ${finding.severity}">
<div><b>${"긴급" if finding.severity == "critical" else "주의"} ${finding.severity}</b> ${meanings[finding.rule]}</div>
<div>${finding.says}</div>
<p>${finding.means}</p>
<code>${finding.command}</code>
</div>
% endfor
</section>
% endif
<div class="plots">
% for plot in plots:
<section>
<h2>${plot.korean}<small>${plot.title}</small></h2>
<p>${plot.says}</p>
% if plot.svg:
${plot.svg | n}
% else:
<div class="empty"><p>아직 그릴 값이 모자랍니다<br>not enough was measured yet</p></div>
% endif
</section>
% endfor
</div>
% for reading in readings:
<section>
<details${" open" if reading.topic.name in ("backups", "disk") else "" | n}>
<summary><h2>${reading.topic.korean}<small>${reading.topic.title}, ${len(reading.rows)}${"" if reading.whole else f" · 읽지 못함 ({reading.state})"}</small></h2></summary>
% for remark in reading.remarks:
<p>${remark}</p>
% endfor
% if reading.rows:
<div class="wide"><table>
<tr>
% for field in reading.topic.brief or reading.topic.row._fields:
<th class="${"number" if numeric(reading, field) else ""}">${heading(field)}</th>
% endfor
</tr>
% for row in reading.rows:
<tr>
% for field in reading.topic.brief or reading.topic.row._fields:
<td class="${"number" if numeric(reading, field) else ""}">${shown(field, getattr(row, field))}</td>
% endfor
</tr>
% endfor
</table></div>
% endif
</details>
</section>
% endfor
% if notes:
<section>
<details>
<summary><h2>참고<small>Notes, ${len(notes)}</small></h2></summary>
% for finding in notes:
<div class="finding note"><div><b>${finding.rule}</b> ${meanings[finding.rule]}</div><div>${finding.says}</div><p>${finding.means}</p><code>${finding.command}</code></div>
% endfor
</details>
</section>
% endif
</body>
</html>
